import Testing
import Wire

/// The daemon and Kamailio on machines of their own, with a router between them.
struct House {
    let lab: NetworkLab
    let server: KamailioServer
    let daemon: LiveDaemon

    init(platformPort: UInt16? = nil, microphone: String = "null") async throws {
        lab = try NetworkLab()
        server = try await KamailioServer(
            address: NetworkLab.gatewayAddress, names: [NetworkLab.gatewayAddress], namespace: lab.gateway,
            platformPort: platformPort)
        daemon = try await LiveDaemon(
            in: lab.agent, gateways: server.uri, authorities: [server.authorityFile], microphone: microphone)
    }

    func logIn() async throws {
        try await daemon.logIn()
        #expect(daemon.takeSteps().words == "connecting registering registered")
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
