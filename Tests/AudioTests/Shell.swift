import Dispatch
import Glibc

/// Programs run to their end beside one that lasts: `Process` waits for that one as well, since it inherits what
/// `Process` waits on.
enum Shell {
    struct Failure: Error { let output: String }

    /// What the program says on both its outputs.
    static func run(_ words: [String]) async throws -> String {
        let command = words.map {
            "'\($0.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
        }
        .joined(separator: " ")
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try runBlocking(command + " 2>&1") }) }
        }
    }

    private static func runBlocking(_ command: String) throws -> String {
        guard let stream = popen(command, "re") else { throw Failure(output: "no shell") }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 { output += buffer[..<count] }
        let text = String(decoding: output, as: UTF8.self)
        guard pclose(stream) == 0 else { throw Failure(output: text) }
        return text
    }
}
