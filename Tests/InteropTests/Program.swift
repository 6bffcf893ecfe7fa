import Dispatch
import Foundation
import Glibc
import Synchronization

/// A program in a network namespace, and what it says line by line.
final class Program: Sendable {
    struct Ended: Error, CustomStringConvertible {
        let said: String

        var description: String { "the program ended; it said:\n" + said }
    }

    /// One of ours, built beside these tests.
    static func own(_ name: String) -> String {
        URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name).path
    }

    /// This process blocks signals, which its children inherit; Kamailio's timers and SIPp's cannot do without them.
    private static let unblockSignals =
        "import os, signal, sys; signal.pthread_sigmask(signal.SIG_SETMASK, []); os.execv(sys.argv[1], sys.argv[1:])"

    private let process = Process()
    private let lines: AsyncStream<String>
    private let text = Mutex("")

    enum Channel { case output, errors }

    init(_ command: [String], in namespace: String? = nil, reading channel: Channel, home: String) throws {
        let whole =
            ["/usr/bin/python3", "-c", Self.unblockSignals]
            + (namespace.map { ["/usr/sbin/ip", "netns", "exec", $0] } ?? [])
            + command
        process.executableURL = URL(filePath: whole[0])
        process.arguments = Array(whole.dropFirst())
        process.environment = ["HOME": home, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        let pipe = Pipe()
        process.standardOutput = channel == .output ? pipe : FileHandle.nullDevice
        process.standardError = channel == .errors ? pipe : FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        try process.run()
        let handle = pipe.fileHandleForReading
        DispatchQueue(label: "program").async { [weak self] in
            var rest = Data()
            while case let more = handle.availableData, !more.isEmpty {
                rest += more
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = String(decoding: rest[..<end], as: UTF8.self)
                    self?.text.withLock { $0 += line + "\n" }
                    continuation.yield(line)
                    rest = Data(rest[(end + 1)...])
                }
            }
            continuation.finish()
        }
    }

    deinit {
        kill()
    }

    /// Ends it and what it has started: it is a process group of its own.
    func kill() {
        guard process.isRunning else { return }
        Glibc.kill(-process.processIdentifier, SIGKILL)
    }

    /// What it has said so far.
    var said: String { text.withLock { $0 } }

    /// The next line with all of these in it.
    @discardableResult
    func line(containing parts: String...) async throws -> String {
        for await line in lines where parts.allSatisfy(line.contains) { return line }
        throw Ended(said: said)
    }

    /// All that it has said until its end, which is waited for.
    func end() async -> String {
        for await _ in lines {}
        return said
    }
}
