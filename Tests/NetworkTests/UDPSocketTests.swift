import Network
import Testing
import Wire

/// An actor that owns a socket the way the engine's actors do.
private actor Echo {
    private let executor = QueueExecutor(label: "echo")
    private var socket: UDPSocket?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func open(on address: IPAddress) throws -> Endpoint {
        let socket = try UDPSocket(binding: Endpoint(address, port: 0), on: executor) {
            [weak self] datagram, source, _ in
            self?.assumeIsolated { $0.received(datagram, from: source) }
        }
        self.socket = socket
        return socket.localEndpoint
    }

    func close() {
        socket?.close()
    }

    private func received(_ datagram: Span<UInt8>, from source: Endpoint) {
        #expect(socket?.send(datagram, to: source) == true)
    }
}

private struct Datagram: Equatable, Sendable {
    var bytes: [UInt8]
    var source: Endpoint
}

private actor Sender {
    private let executor = QueueExecutor(label: "sender")
    private let mailbox: Mailbox<Datagram>
    private var socket: UDPSocket?

    init(_ mailbox: Mailbox<Datagram>) {
        self.mailbox = mailbox
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func send(_ bytes: [UInt8], to destination: Endpoint) throws -> Bool {
        if socket == nil {
            let mailbox = mailbox
            socket = try UDPSocket(binding: Endpoint(destination.address, port: 0), on: executor) {
                datagram, source, _ in
                mailbox.post(Datagram(bytes: [UInt8](datagram), source: source))
            }
        }
        return socket?.send(bytes.span, to: destination) ?? false
    }
}

@Suite(.timeLimit(.minutes(1)))
struct UDPSocketTests {
    @Test("Datagrams of any size go there and back, over IPv4 and IPv6", arguments: [IPAddress.loopback4, .loopback6])
    func echo(_ address: IPAddress) async throws {
        let echo = Echo()
        let endpoint = try await echo.open(on: address)
        #expect(endpoint.address == address && endpoint.port != 0)
        let mailbox = Mailbox<Datagram>()
        let sender = Sender(mailbox)
        for count in [0, 1, 160, 1200, 60_000] {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            #expect(try await sender.send(bytes, to: endpoint))
            #expect(try await mailbox.next() == Datagram(bytes: bytes, source: endpoint))
        }
        await echo.close()
    }

    @Test("A datagram the system does not take is reported as not sent")
    func tooLong() async throws {
        let sender = Sender(Mailbox())
        let destination = Endpoint(.loopback4, port: 9)
        #expect(try await sender.send([UInt8](repeating: 0, count: 65_508), to: destination) == false)
    }

    @Test("An address that is not this machine's cannot be bound")
    func foreignAddress() async throws {
        let failure = await #expect(throws: SystemError.self) { try await Echo().open(on: .v4(0xC000_0201)) }
        #expect(failure?.call == .bind)
    }

    @Test("The machine's interfaces have a loopback address that is marked as one")
    func interfaces() throws {
        let all = try LocalInterface.all()
        #expect(all.contains { $0.address == .loopback4 && $0.isLoopback })
        #expect(all.filter { $0.address == .loopback4 }.allSatisfy { !$0.name.isEmpty })
    }
}
