import Glibc

/// A file that is made anew for its owner alone; what is written is with the system at once, so that it outlives the
/// process. Nothing is left of one into which nothing could be written.
struct OutputFile: ~Copyable {
    enum Failure: Error, Hashable {
        case exists
        /// The system's words.
        case refused(String)

        var text: String {
            switch self {
            case .exists: "File exists"
            case .refused(let reason): reason
            }
        }
    }

    private let path: String
    private let descriptor: Int32

    init(creating path: String) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw errno == EEXIST ? .exists : .refused(String(cString: strerror(errno))) }
        self.path = path
        self.descriptor = descriptor
    }

    /// `a/file.wav`, or `a/file-2.wav` and so on when that is there.
    static func numbered(_ path: String) throws(Failure) -> OutputFile {
        let name = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let dot = path[name...].lastIndex(of: ".") ?? path.endIndex
        var number = 1
        while true {
            do {
                return try OutputFile(creating: number == 1 ? path : "\(path[..<dot])-\(number)\(path[dot...])")
            } catch .exists {
                number += 1
            }
        }
    }

    deinit {
        var status = stat()
        if fstat(descriptor, &status) == 0, status.st_size == 0 { unlink(path) }
        close(descriptor)
    }

    func append(_ bytes: [UInt8]) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .refused(String(cString: strerror(errno))) }
            rest = rest.dropFirst(count)
        }
    }

    /// WAV samples are little-endian, as are the machines this runs on.
    func append(_ samples: ArraySlice<Int16>) throws(Failure) {
        try append(samples.withUnsafeBytes { [UInt8]($0) })
    }

    /// Writes over what the file begins with.
    func overwriteStart(with bytes: [UInt8]) throws(Failure) {
        guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            throw .refused(String(cString: strerror(errno)))
        }
    }
}
