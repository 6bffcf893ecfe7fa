import ControlAPI
import ControlServer
import Foundation
import Network
import Testing
import Wire

@Suite("phonebar events --follow", .timeLimit(.minutes(1)))
struct FollowTests {
    @Test("When the daemon goes and comes back, it goes on where it was")
    func resume() async throws {
        let first = try Desk()
        let follower = try Follower(port: first.port)
        let before = try await first.backend.subscriptions.first()
        #expect(before.after?.description == "e:0")
        before.sink.send(message(1))
        #expect(try await follower.lines.first() == text(1))
        await first.server.stop()

        let second = try Desk(port: first.port)
        let after = try await second.backend.subscriptions.first()
        #expect(after.after?.description == "e:1")
        after.sink.send(message(2))
        #expect(try await follower.lines.first() == text(2))
        follower.stop()
        await second.server.stop()
    }

    private func text(_ seq: UInt64) -> String { "{\"epoch\":\"e\",\"seq\":\(seq)}" }

    private func message(_ seq: UInt64) -> EventMessage {
        EventMessage(position: LogPosition(epoch: "e", seq: seq), text: Array(text(seq).utf8))
    }
}

/// The program, following the events of a server in its own process.
private final class Follower: @unchecked Sendable {
    let lines: AsyncStream<String>
    private let process = Process()

    init(port: UInt16) throws {
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: "phonebar")
        process.arguments = ["events", "--follow", "--json", "--url", "http://127.0.0.1:\(port)"]
        process.environment = ["PHONEBAR_TOKEN": Desk.secret]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        try process.run()
        Thread.detachNewThread {
            var rest = Data()
            while true {
                let piece = pipe.fileHandleForReading.availableData
                guard !piece.isEmpty else { return continuation.finish() }
                rest += piece
                while let end = rest.firstIndex(of: 0x0A) {
                    continuation.yield(String(decoding: rest[..<end], as: UTF8.self))
                    rest = Data(rest[rest.index(after: end)...])
                }
            }
        }
    }

    func stop() { process.terminate() }
}
