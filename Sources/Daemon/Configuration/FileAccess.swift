import Audio
import Crypto
import FoundationEssentials
import Glibc
import Wire

/// Reads the files a configuration is in and names.
enum FileAccess {
    static let largestConfiguration = 1024 * 1024
    private static let largestSecret = 64 * 1024

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Of what is in a folder, none if it cannot be read.
    static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    /// The text of a file and its mode.
    static func read(_ path: String, limit: Int) throws(Fault.Reason) -> (text: String, mode: UInt32) {
        let descriptor = try opened(path)
        defer { close(descriptor) }
        let mode = try mode(of: descriptor, path)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
            if count == 0 { break }
            bytes += buffer.prefix(count)
            guard bytes.count <= limit else { throw .tooLarge(path: path, limit: limit) }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(path: path, reason: "it is not UTF-8")
        }
        return (text, mode)
    }

    /// What a file that only its owner and group may read says, without the line break at its end.
    static func secret(_ path: String) throws(Fault.Reason) -> String {
        let (text, mode) = try read(path, limit: largestSecret)
        guard !isWorldReadable(mode) else { throw .worldReadable(path: path, mode: mode) }
        return text.last?.isNewline == true ? String(text.dropLast()) : text
    }

    static func check(_ path: String, _ rule: Setting.FileRule) throws(Fault.Reason) {
        let descriptor = try opened(path)
        defer { close(descriptor) }
        let mode = try mode(of: descriptor, path)
        switch rule {
        case .readable: break
        case .secret: if isWorldReadable(mode) { throw .worldReadable(path: path, mode: mode) }
        case .sound:
            do throws(AudioDevice.Failure) {
                try AudioDevice.wav(path: path, repeats: false).check(isSink: false)
            } catch {
                throw .unreadable(path: path, reason: error.text)
            }
        case .authorities:
            guard (try? TLSContext(client: .authorities(file: path))) != nil else {
                throw .unreadable(path: path, reason: "there is no certificate in it")
            }
        }
    }

    static func isWorldReadable(_ mode: UInt32) -> Bool { mode & 0o004 != 0 }

    private static func opened(_ path: String) throws(Fault.Reason) -> Int32 {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        return descriptor
    }

    private static func mode(of descriptor: Int32, _ path: String) throws(Fault.Reason) -> UInt32 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw .unreadable(path: path, reason: "it is a folder") }
        return status.st_mode
    }
}
