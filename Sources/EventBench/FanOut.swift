import ArgumentParser
import Foundation

/// Events to many subscribers, from the daemon and from servers that do the same.
///
/// In each round they take turns, each in a new process, so that what else the machine does hits all of them.
struct FanOut: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fanout", abstract: "Events of 300 bytes to many WebSocket subscribers.")

    @Option var subscribers = 1000
    @Option(help: "Events a second.") var rate = 20
    @Option(help: "How long one server is measured in a round.") var seconds = 5
    @Option var rounds = 3
    @Option var size = 300
    @Option(help: "Where the journal is made; the disk matters.") var folder = "."
    @Option(help: "NAME=PROGRAM of a server to measure beside; more than once for several.") var peer: [Peer] = []
    @Option(help: "NAME=PROGRAM of one without WebSockets, which holds as many idle connections instead.")
    var httpPeer: [Peer] = []

    func run() async throws {
        var table = Table()
        for _ in 0..<rounds {
            let path = folder + "/event-bench-\(getpid())"
            defer { try? FileManager.default.removeItem(atPath: path) }
            table.add(try measure(Server(daemonIn: path), fanOut), for: "phonebard")
            for peer in peer { table.add(try measure(Server(peer), fanOut), for: peer.name) }
            for peer in httpPeer { table.add(try measure(Server(peer), holdIdle), for: peer.name) }
        }
        print(
            "\(rate) events of \(size) bytes a second to \(subscribers) WebSocket subscribers;",
            "resident before them and with them")
        table.show()
        for peer in httpPeer {
            print("\(peer.name) has no WebSockets here and holds \(subscribers) idle HTTP connections instead.")
        }
    }

    private func measure(_ server: Server, _ body: (Server) throws -> Sample) throws -> Sample {
        defer { server.kill() }
        do {
            return try body(server)
        } catch let failure as Connection.Failure {
            throw ValidationError("\(server.name): \(failure.text)")
        }
    }

    private func fanOut(_ server: Server) throws -> Sample {
        let use = ProcessUse(pid: server.pid)
        let idle = use.residentMegabytes
        let load = Load(try (0..<subscribers).map { _ in try Subscriber(port: server.port, token: server.token) })
        let injector = try Injector(port: server.port, token: server.token, size: size)

        _ = try load.run(injector, events: rate, every: 1 / Double(rate))
        let before = use.processorSeconds
        let latencies = try load.run(injector, events: rate * seconds, every: 1 / Double(rate)).sorted()
        let spent = use.processorSeconds - before
        return Sample(
            latency50: latencies.percentile(0.5) * 1e3, latency99: latencies.percentile(0.99) * 1e3,
            processor: spent / Double(latencies.count) * 1e6, idle: idle,
            connected: withExtendedLifetime(load) { use.residentMegabytes })
    }

    private func holdIdle(_ server: Server) throws -> Sample {
        let use = ProcessUse(pid: server.pid)
        let idle = use.residentMegabytes
        let request =
            "GET /v1/state HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nAuthorization: Bearer \(server.token)\r\n\r\n"
        let connections = try (0..<subscribers).map { _ in
            let connection = try Connection(port: server.port, request: request)
            let head = try connection.readHead()
            guard head.hasPrefix("HTTP/1.1 200 ") else { throw Connection.Failure(text: head) }
            return connection
        }
        return Sample(idle: idle, connected: withExtendedLifetime(connections) { use.residentMegabytes })
    }
}
