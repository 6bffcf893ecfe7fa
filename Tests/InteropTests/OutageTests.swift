import Testing
import Wire

/// The daemon and Kamailio on machines of their own, with a router between them.
@Suite("The registration survives what happens to networks and servers", .serialized, .timeLimit(.minutes(3)))
struct OutageTests {
    private struct House {
        let lab: NetworkLab
        let server: KamailioServer
        let daemon: LiveDaemon

        init() async throws {
            lab = try NetworkLab()
            server = try await KamailioServer(
                address: NetworkLab.gatewayAddress, names: [NetworkLab.gatewayAddress], namespace: lab.gateway)
            daemon = try await LiveDaemon(in: lab.agent, gateways: server.uri, authorities: [server.authorityFile])
            try await daemon.logIn()
            let connection = try await daemon.connection()
            #expect(connection["state"] == "up")
            #expect(connection["localAddress"] == .string(NetworkLab.agentAddress))
        }

        /// How long it takes until the seat is registered again.
        func recovery(after restore: () async throws -> Void) async throws -> Duration {
            try await restore()
            let start = ContinuousClock.now
            try await daemon.registration(code: 200)
            return ContinuousClock.now - start
        }

        /// That the connection is lost, why, and that it is being made again.
        func expectLoss(_ reason: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
            let connection = try await daemon.connection()
            #expect(connection["state"] != "up", sourceLocation: sourceLocation)
            #expect(connection["failure"] == .string(reason), sourceLocation: sourceLocation)
            #expect(daemon.log.said.contains(reason), sourceLocation: sourceLocation)
        }
    }

    /// What the network may take at most, once it is back.
    private static let limit = Duration.seconds(5)
    /// For a connection over which nothing comes any more.
    private static let silenceLimit = Duration.seconds(15)

    @Test("Kamailio is killed and started again")
    func restart() async throws {
        let house = try await House()
        house.server.kill()
        try await house.daemon.registration(code: 51001)
        try await house.daemon.log.line(containing: "reconnecting", "failures=2")
        try await house.expectLoss("The gateway refuses connections.")
        #expect(try await house.recovery { try await house.server.start() } < Self.limit)
        #expect(try await house.daemon.connection()["failure"] == .null)
    }

    @Test("Every packet is swallowed on the way: noticed within 15 s, and registered within 5 s when they pass again")
    func blackHole() async throws {
        let house = try await House()
        try house.lab.swallowPackets()
        let start = ContinuousClock.now
        try await house.daemon.registration(code: 51001)
        #expect(ContinuousClock.now - start < Self.silenceLimit)
        try await house.expectLoss("The gateway fell silent.")
        try await house.daemon.log.line(containing: "reconnecting", "failures=3")
        try await house.expectLoss("The gateway did not answer in time.")
        #expect(try await house.recovery { try house.lab.letPacketsPass() } < Self.limit)
    }

    @Test("The link goes down, and comes up after a while")
    func link() async throws {
        let house = try await House()
        try house.lab.pullOut()
        try await house.daemon.registration(code: 51001)
        try await house.daemon.log.line(containing: "reconnecting", "failures=4")
        #expect(try await house.recovery { try house.lab.plugIn() } < Self.limit)
    }

    @Test("The machine gets another address: the connection is replaced at once")
    func address() async throws {
        let house = try await House()
        #expect(try await house.recovery { try house.lab.changeAddress() } < Self.limit)
        let connection = try await house.daemon.connection()
        #expect(connection["localAddress"] == .string(NetworkLab.otherAgentAddress))
        #expect(house.daemon.log.said.contains("The local address of the connection is gone."))
    }
}
