import Dispatch
import Foundation

/// A WebSocket peer in a Python process of its own, and what it says line by line.
final class WebSocketPeer: Sendable {
    enum Failure: Error, CustomStringConvertible {
        case noPython(path: String)
        case ended

        var description: String {
            switch self {
            case .noPython(let path):
                "no Python at \(path): run `deploy/bootstrap test`, or set PHONEBARD_TEST_PYTHON to one with websockets"
            case .ended: "the peer has ended; what Python said of it is on standard error"
            }
        }
    }

    private let process = Process()
    /// Its end tells a serving peer to end.
    private let input = Pipe()
    private let lines: AsyncStream<String>

    init(_ script: String, _ arguments: String...) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let python =
            ProcessInfo.processInfo.environment["PHONEBARD_TEST_PYTHON"]
            ?? folder.appendingPathComponent("../../.venv/bin/python3").standardized.path
        guard FileManager.default.isExecutableFile(atPath: python) else { throw Failure.noPython(path: python) }
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [folder.appendingPathComponent("peers/\(script)").path] + arguments
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        lines = Self.lines(of: output.fileHandleForReading)
        try process.run()
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    /// The port that a serving peer says first.
    func port() async throws -> UInt16 {
        for await line in lines {
            if let port = UInt16(line) { return port }
        }
        throw Failure.ended
    }

    /// All it says until it ends.
    func facts() async -> [String] {
        await lines.reduce(into: []) { $0.append($1) }
    }

    /// Reads on a thread that may be blocked.
    private static func lines(of handle: FileHandle) -> AsyncStream<String> {
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        DispatchQueue(label: "websocket-peer").async {
            var text = Data()
            while case let more = handle.availableData, !more.isEmpty {
                text += more
                while let end = text.firstIndex(of: UInt8(ascii: "\n")) {
                    continuation.yield(String(decoding: text[..<end], as: UTF8.self))
                    text = Data(text[(end + 1)...])
                }
            }
            continuation.finish()
        }
        return lines
    }
}
