import Dispatch
import Foundation

/// One call of aiortc in a Python process of its own; `peers/aiortc_peer.py` says what it understands.
final class AIORTCPeer: Sendable {
    enum Failure: Error, CustomStringConvertible {
        case noPython(path: String)
        case ended

        var description: String {
            switch self {
            case .noPython(let path):
                "no Python at \(path): run `deploy/bootstrap test`, or set PHONEBARD_TEST_PYTHON to one with aiortc"
            case .ended: "the aiortc peer has ended; what Python said of it is on standard error"
            }
        }
    }

    struct Request: Encodable {
        enum Verb: String, Encodable { case offer, offerVideo, restart, accept, answer, press, statistics, close }

        var `do`: Verb
        var sdp: String?
    }

    struct Reply: Decodable, Sendable {
        var sdp: String?
        var state: String?
        var sent: Int?
        var received: Int?
        var frequency: Double?
        var level: Double?
        /// Of the candidate it sends from, where it says so.
        var candidate: String?
    }

    private let process = Process()
    private let requests = Pipe()
    private let replies = Pipe()
    private let queue = DispatchQueue(label: "aiortc")

    /// `codec` as aiortc calls it; `tone` is the frequency it sends, in hertz.
    convenience init(codec: String, tone: Double, isLite: Bool = false) throws {
        try self.init("aiortc_peer.py", [codec, "\(tone)"] + (isLite ? ["lite"] : []))
    }

    /// Another peer that understands the same.
    init(_ script: String, _ arguments: [String]) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let python =
            ProcessInfo.processInfo.environment["PHONEBARD_TEST_PYTHON"]
            ?? folder.appendingPathComponent("../../.venv/bin/python3").standardized.path
        guard FileManager.default.isExecutableFile(atPath: python) else { throw Failure.noPython(path: python) }
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [folder.appendingPathComponent("peers/\(script)").path] + arguments
        process.standardInput = requests
        process.standardOutput = replies
        try process.run()
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    /// Requests are made one after the other; a test that runs out of time ends the process and thereby the wait.
    func ask(_ verb: Request.Verb, sdp: String? = nil) async throws -> Reply {
        let request = try JSONEncoder().encode(Request(do: verb, sdp: sdp))
        try requests.fileHandleForWriting.write(contentsOf: request + Data("\n".utf8))
        let line = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async { continuation.resume(returning: self.readLine()) }
            }
        } onCancel: {
            process.terminate()
        }
        guard let line else { throw Failure.ended }
        return try JSONDecoder().decode(Reply.self, from: line)
    }

    private func readLine() -> Data? {
        var line = Data()
        while case let more = replies.fileHandleForReading.availableData, !more.isEmpty {
            line += more
            if more.last == UInt8(ascii: "\n") { return line }
        }
        return nil
    }
}
