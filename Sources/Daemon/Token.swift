import Foundation
import Wire

#if canImport(Glibc)
    import Glibc
#endif

/// The bearer token of the control API, in a file only its owner may read.
package enum Token {
    package enum Failure: Error, CustomStringConvertible {
        case unusable(path: String, reason: String)

        package var description: String {
            switch self {
            case .unusable(let path, let reason): "cannot use the token file \(path): \(reason)"
            }
        }
    }

    /// The token in `directory`, made at the first start.
    package static func load(from directory: String) throws(Failure) -> Redacted<String> {
        let path = directory + "/token"
        if let text = try? String(contentsOfFile: path, encoding: .utf8) {
            let token = text.trimmingCharacters(in: .whitespacesAndNewlines)
            guard token.count >= 32 else { throw .unusable(path: path, reason: "it holds no token") }
            return Redacted(token)
        }
        return try make(in: directory, at: path)
    }

    private static func make(in directory: String, at path: String) throws(Failure) -> Redacted<String> {
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .unusable(path: path, reason: "its folder cannot be made")
        }
        var randomness = Randomness.system
        let token = randomness.token(length: 43)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw .unusable(path: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        let line = Array((token + "\n").utf8)
        guard write(descriptor, line, line.count) == line.count else {
            throw .unusable(path: path, reason: String(cString: strerror(errno)))
        }
        return Redacted(token)
    }
}
