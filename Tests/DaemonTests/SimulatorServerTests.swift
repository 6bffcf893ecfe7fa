import Foundation
import Logging
import Simulator
import Testing
import Wire

@Suite("The simulated platform on real sockets, with sound", .serialized, .timeLimit(.minutes(1)))
struct SimulatorServerTests {
    private func serve<Result>(
        _ configure: (inout PlatformServer.Configuration) -> Void = { _ in },
        _ body: (PlatformServer, PlatformServer.Addresses) async throws -> Result
    ) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appending(path: "platform-" + UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = PlatformServer.Configuration(stateDirectory: folder.path)
        configure(&configuration)
        let server = PlatformServer(configuration: configuration, logger: Logger(label: "test"))
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
            let (caller, callee) = (SimulatorLiveSeat("1001", tone: 440), SimulatorLiveSeat("1002", tone: 700))
            for seat in [caller, callee] {
                await seat.connect(to: addresses)
                #expect(await seat.notice("1") != nil)
            }
            await caller.send(Element("cc", ["a": "300", "p": "02566699734", "i": "1", "t": "1002_00010078"]))
            let ringing = try #require(await callee.notice("100")?["c"])
            await callee.send(Element("cc", ["a": "102", "c": ringing]))
            await caller.hearsExactly(700)
            await callee.hearsExactly(440)
            let call = try #require(await caller.notice("104")?["c"])
            await caller.send(Element("cc", ["a": "106", "c": call]))
            #expect(await callee.notice("105")?["r"] == "25")
        }
    }

    private static let customer = "13800138000"

    /// A customer who says nothing but a tone of 1000 Hz, as long as he is there.
    private func serveTalker(_ body: (PlatformServer, PlatformServer.Addresses) async throws -> Void) async throws {
        try await serve(
            { configuration in
                var customer = Customer(number: Self.customer)
                customer.voice.prompt = .tone(1000)
                customer.voice.echoes = false
                configuration.platform.customers[Self.customer] = customer
            }, body)
    }

    private func logIn(_ seat: SimulatorLiveSeat, to addresses: PlatformServer.Addresses) async {
        await seat.connect(to: addresses)
        #expect(await seat.notice("1") != nil)
        await seat.send(Element("cc", ["a": "53", "g": "2033_65656"]))
    }

    private func call(_ seat: SimulatorLiveSeat) async throws -> String {
        await seat.send(Element("cc", ["a": "200", "p": "02566699734", "i": "1", "t": Self.customer]))
        return try #require(await seat.notice("104")?["c"])
    }

    /// Waits until what the customer hears is loudest at this frequency, or silent if nil.
    private func customerHears(_ frequency: Double?, at server: PlatformServer) async {
        while true {
            let heard = await server.state()["calls"]?.array?.first?["customer"]
            switch (frequency, heard?["frequency"], heard?["level"]) {
            case (let wanted?, .number(let found)?, .number(let level)?)
            where level > -40 && abs(found - wanted) < wanted * 0.02: return
            case (nil, .null?, .number(let level)?) where level < -60: return
            default: await Task.yield()
            }
        }
    }

    @Test("Who listens in hears both and is heard by nobody; who joins is heard by both, and no longer when out again")
    func supervisor() async throws {
        try await serveTalker { server, addresses in
            let (agent, supervisor) = (SimulatorLiveSeat("1001", tone: 440), SimulatorLiveSeat("1010", tone: 700))
            await logIn(agent, to: addresses)
            await logIn(supervisor, to: addresses)
            let call = try await call(agent)
            await agent.hearsExactly(1000)

            await supervisor.send(Element("cm", ["a": "1", "c": call]))
            #expect(await supervisor.notice("1")?["r"] == "200")
            #expect(await supervisor.notice("104")?["c"] == call)
            await supervisor.hearsExactly(440, 1000)
            await agent.hearsExactly(1000)
            await customerHears(440, at: server)
            await agent.speak(false)
            await customerHears(nil, at: server)
            await agent.speak(true)

            await supervisor.send(Element("cm", ["a": "3", "c": call]))
            #expect(await supervisor.notice("3")?["r"] == "200")
            await agent.hearsExactly(700, 1000)
            await supervisor.hearsExactly(440, 1000)
            await agent.speak(false)
            await customerHears(700, at: server)
            await agent.speak(true)

            await supervisor.send(Element("cm", ["a": "4", "c": call]))
            #expect(await supervisor.notice("4")?["r"] == "200")
            #expect(await supervisor.notice("105")?["c"] == call)
            await agent.hearsExactly(1000)
            await customerHears(440, at: server)
        }
    }

    @Test("A call that is handed on: the customer hears music, then the other seat, and the first one is out")
    func transfer() async throws {
        try await serveTalker { server, addresses in
            let (agent, colleague) = (SimulatorLiveSeat("1001", tone: 440), SimulatorLiveSeat("1002", tone: 700))
            await logIn(agent, to: addresses)
            await logIn(colleague, to: addresses)
            let call = try await call(agent)
            await customerHears(440, at: server)
            await agent.send(Element("cc", ["a": "31", "c": call, "g": "2033_65656", "n": "1002_00010078"]))
            let offered = try #require(await colleague.notice("100"))
            #expect(offered["n"] == Self.customer)
            await customerHears(392, at: server)
            await colleague.send(Element("cc", ["a": "102", "c": offered["c"] ?? ""]))
            #expect(await agent.notice("38")?["c"] == call)
            #expect(await agent.notice("105")?["r"] == "26")
            await colleague.hearsExactly(1000)
            await customerHears(700, at: server)
        }
    }
}
