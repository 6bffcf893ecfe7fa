import Foundation
import Logging
import Simulator
import Testing
import Wire

@Suite("The simulated platform on real sockets, with sound", .serialized, .timeLimit(.minutes(1)))
struct SimulatorServerTests {
    private func serve<Result>(
        _ body: (PlatformServer, PlatformServer.Addresses) async throws -> Result
    ) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "platform-" + UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let server = PlatformServer(
            configuration: PlatformServer.Configuration(stateDirectory: folder.path), logger: Logger(label: "test"))
        let result = try await body(server, try await server.start())
        await server.stop()
        return result
    }

    @Test("A customer answers, plays his melody, then echoes the agent's tone; 106 ends the call with r=26")
    func customer() async throws {
        try await serve { _, addresses in
            let seat = SimulatorLiveSeat("1001", tone: 440)
            await seat.connect(to: addresses)
            #expect(await seat.notice("1") != nil)
            await seat.send(Element("cc", ["a": "200", "p": "02566699734", "i": "1", "t": "10010"]))
            let call = try #require(await seat.notice("104")?["c"])
            await seat.hears(523.25, 659.26, 783.99, 1046.5)
            await seat.hears(440)
            await seat.send(Element("cc", ["a": "106", "c": call]))
            #expect(await seat.notice("105")?["r"] == "26")
        }
    }

    @Test("Two seats hear each other")
    func colleagues() async throws {
        try await serve { _, addresses in
            let (caller, callee) = (SimulatorLiveSeat("1001", tone: 440), SimulatorLiveSeat("1002", tone: 620))
            for seat in [caller, callee] {
                await seat.connect(to: addresses)
                #expect(await seat.notice("1") != nil)
            }
            await caller.send(Element("cc", ["a": "300", "p": "02566699734", "i": "1", "t": "1002_00010078"]))
            let ringing = try #require(await callee.notice("100")?["c"])
            await callee.send(Element("cc", ["a": "102", "c": ringing]))
            await caller.hears(620)
            await callee.hears(440)
            let call = try #require(await caller.notice("104")?["c"])
            await caller.send(Element("cc", ["a": "106", "c": call]))
            #expect(await callee.notice("105")?["r"] == "25")
        }
    }
}
