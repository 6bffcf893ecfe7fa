import Dispatch
import Testing
import Wire

@testable import Network

@Suite("Happy Eyeballs (RFC 8305)")
struct ConnectionRaceTests {
    private let start = Instant(nanoseconds: 0)

    private func endpoints(_ addresses: String...) -> [Endpoint] {
        addresses.compactMap { IPAddress($0).map { Endpoint($0, port: 443) } }
    }

    /// The order of the attempts if nothing ever answers, each with when it begins, in milliseconds.
    private func attempts(_ endpoints: [Endpoint]) -> [String] {
        var race = ConnectionRace(endpoints, at: start)
        var order: [String] = []
        while let deadline = race.deadline, let endpoint = race.next(at: deadline) {
            order.append("\(endpoint.address) \((deadline - start).nanoseconds / 1_000_000)")
        }
        return order
    }

    @Test("The families take turns, the system's first choice begins, 250 ms lie between two attempts (§4, §5)")
    func order() {
        #expect(
            attempts(endpoints("2001:db8::1", "2001:db8::2", "2001:db8::3", "192.0.2.1"))
                == ["2001:db8::1 0", "192.0.2.1 250", "2001:db8::2 500", "2001:db8::3 750"])
        #expect(attempts(endpoints("192.0.2.1", "192.0.2.2", "::1")) == ["192.0.2.1 0", "::1 250", "192.0.2.2 500"])
    }

    @Test("A failure brings the next attempt at once, and only the last one ends the race")
    func failures() {
        var race = ConnectionRace(endpoints("2001:db8::1", "192.0.2.1"), at: start)
        #expect(race.next(at: start)?.address == IPAddress("2001:db8::1"))
        race.failed(at: start + .milliseconds(10))
        #expect(race.deadline == start + .milliseconds(10))
        #expect(!race.isLost)
        #expect(race.next(at: start + .milliseconds(10))?.address == IPAddress("192.0.2.1"))
        #expect(race.deadline == nil)
        #expect(!race.isLost)
        race.failed(at: start + .seconds(1))
        #expect(race.isLost)
    }

    @Test("A name with any number of addresses gets sixteen attempts")
    func limit() {
        let many = (0..<1000).map { Endpoint(.v4(0x0A00_0000 + $0), port: 1) }
        #expect(attempts(many).count == 16)
    }
}

@Suite("Connecting to one of several addresses", .timeLimit(.minutes(1)))
struct TCPConnectorTests {
    @Test("An address that refuses and one that is silent do not keep the third from being reached")
    func race() async throws {
        let listener = try ListeningSocket(on: Endpoint(.loopback4, port: 0))
        let port = try #require(listener.localEndpoint).port
        let closed = try ListeningSocket(on: Endpoint(.loopback6, port: 0))
        let closedPort = try #require(closed.localEndpoint).port
        _ = consume closed
        let silent = try SilentListener()
        let endpoints = [
            Endpoint(.loopback6, port: closedPort), silent.endpoint, Endpoint(.loopback4, port: port),
        ]
        let executor = QueueExecutor(label: "race")
        let ended = Mailbox<Result<ConnectedSocket, SystemError>>()
        let connector = Mailbox<Held>()
        executor.queue.async {
            connector.post(Held(TCPConnector(to: endpoints, on: executor) { ended.post($0) }))
        }
        let held = try await connector.next()
        #expect(try await ended.next().get().peer == .network(Endpoint(.loopback4, port: port)))
        executor.queue.async { held.release() }
    }
}

/// Keeps a connector alive until its executor lets go of it.
private final class Held: @unchecked Sendable {
    private var connector: TCPConnector?

    init(_ connector: TCPConnector) {
        self.connector = connector
    }

    func release() {
        connector = nil
    }
}
