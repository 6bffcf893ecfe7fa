import Crypto
import Dispatch
import Foundation
import HTTPTypes
import Network
import Synchronization
import Testing
import Wire

/// The program itself, as somebody else would start it.
final class DaemonProcess: Sendable {
    let port: UInt16
    let token: String
    private let process: Mutex<Process>

    init(folder: String, arguments: [String] = [], microphone: String = "null") throws {
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "phonebard")
        process.arguments =
            [
                "--config", "/dev/null", "--control-listen", "127.0.0.1:0", "--control-socket", "none",
                "--state-directory",
                folder, "--media-microphone", microphone, "--media-speaker", "null",
            ] + arguments
        var environment = ProcessInfo.processInfo.environment
        environment["TEST_PHONEBARD_EVENTS"] = "1"
        environment["HOME"] = folder
        process.environment = environment
        let output = Pipe()
        process.standardError = output
        try process.run()
        port = try Self.port(in: output.fileHandleForReading)
        token = try String(contentsOfFile: folder + "/token", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
        // What it logs from now on is read, so that it never waits for that.
        output.fileHandleForReading.readabilityHandler = { if $0.availableData.isEmpty { $0.readabilityHandler = nil } }
        self.process = Mutex(process)
    }

    /// The port in the line that says that the daemon is ready.
    private static func port(in file: FileHandle) throws -> UInt16 {
        var text = ""
        while true {
            let data = file.availableData
            guard !data.isEmpty else { throw EventSocket.Failure(text: text) }
            text += String(decoding: data, as: UTF8.self)
            if let match = text.firstMatch(of: #/address=127\.0\.0\.1:(\d+) /#), let port = UInt16(match.1) {
                return port
            }
        }
    }

    func kill() {
        process.withLock { process in
            _ = Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }
}

@Suite("The daemon is killed", .serialized, .timeLimit(.minutes(10)))
struct EventKillTests {
    /// The environment variable `HEAVY_TESTS` asks for more.
    private static let rounds = ProcessInfo.processInfo.environment["HEAVY_TESTS"] == nil ? 4 : 30

    @Test("SIGKILL amid a stream of events: after restart and resume none is lost or doubled, order and epoch are kept")
    func killed() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/event-kill-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var told: [String] = []
        var epoch: String?
        for round in 1...Self.rounds {
            let daemon = try await blocking { try DaemonProcess(folder: folder) }
            let position = try await state(daemon)
            #expect(epoch == nil || position.epoch == epoch)
            #expect(position.seq >= told.count)
            epoch = position.epoch
            let injections = Task { try await inject(5000, into: daemon) }
            told += try await blocking { [told] in
                try Self.follow(daemon, position.epoch, after: told.count, until: 100 + round * 997 % 4000)
            }
            _ = await injections.result
        }
        try await compare(told, in: folder, epoch: try #require(epoch))
    }

    /// Reads so many events and kills the daemon, then reads what was still on its way.
    private static func follow(
        _ daemon: DaemonProcess, _ epoch: String, after seen: Int, until count: Int
    ) throws -> [String] {
        let socket = try EventSocket(port: daemon.port, token: daemon.token, after: "\(epoch):\(seen)")
        var texts: [String] = []
        while case .text(let text) = socket.next() {
            guard EventSocket.seq(of: text) == UInt64(seen + texts.count + 1) else {
                throw EventSocket.Failure(text: "after \(seen + texts.count): \(text.prefix(100))")
            }
            texts.append(text)
            if texts.count == count { daemon.kill() }
        }
        #expect(texts.count >= count)
        return texts
    }

    /// What was told is what the journal has, to the letter.
    private func compare(_ told: [String], in folder: String, epoch: String) async throws {
        let daemon = try await blocking { try DaemonProcess(folder: folder) }
        let position = try await state(daemon)
        #expect(position.epoch == epoch)
        let socket = try EventSocket(port: daemon.port, token: daemon.token, after: "\(epoch):0")
        let texts = try await blocking {
            (0..<told.count).map { _ in
                if case .text(let text) = socket.next() { text } else { "" }
            }
        }
        #expect(texts == told)
        daemon.kill()
    }

    private func state(_ daemon: DaemonProcess) async throws -> (epoch: String, seq: Int64) {
        let web = HTTPClient(trust: .system, timeLimit: .seconds(20))
        let state = try await requestJSON(web, .get, port: daemon.port, "/v1/state", token: daemon.token)
        #expect(state["journal"] == ["keeping": true])
        return (
            try #require(state["position"]?["epoch"]?.string), try #require(state["position"]?["seq"]?.lenientInteger)
        )
    }

    /// In several requests, so that the stream goes on for a while.
    private func inject(_ count: Int, into daemon: DaemonProcess) async throws {
        let web = HTTPClient(trust: .system, timeLimit: .seconds(20))
        for _ in 0..<count / 10 {
            _ = try await requestJSON(
                web, .post, port: daemon.port, "/v1/test/events", token: daemon.token, ["count": 10, "size": 300])
        }
    }
}
