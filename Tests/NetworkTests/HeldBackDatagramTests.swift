import Network
import Testing
import Wire

/// A socket that is read on demand, and what came of it.
private actor Reader {
    private let executor = QueueExecutor(label: "reader")
    private var socket: UDPSocket?
    private var numbers: [UInt8] = []
    private var arrivals: [Instant] = []
    private var closesAfter: Int?

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func open(closesAfter: Int? = nil) throws -> Endpoint {
        self.closesAfter = closesAfter
        let socket = try UDPSocket(binding: Endpoint(.loopback4, port: 0), on: executor) {
            [weak self] datagram, _, arrival in
            self?.assumeIsolated { $0.received(datagram[0], at: arrival) }
        }
        socket.holdBack()
        self.socket = socket
        return socket.localEndpoint
    }

    /// Sends datagrams with a number each, and gives when.
    func send(_ numbers: Range<UInt8>, to destination: Endpoint) throws -> ClosedRange<Instant> {
        let socket = try UDPSocket(binding: Endpoint(.loopback4, port: 0), on: executor) { _, _, _ in }
        let start = MonotonicClock.now
        for number in numbers {
            let isSent = socket.send([number].span, to: destination)
            #expect(isSent)
        }
        socket.close()
        return start...MonotonicClock.now
    }

    func read() -> (numbers: [UInt8], arrivals: [Instant]) {
        numbers = []
        arrivals = []
        socket?.read()
        return (numbers, arrivals)
    }

    var received: [UInt8] { numbers }

    func close() {
        socket?.close()
    }

    private func received(_ number: UInt8, at arrival: Instant) {
        numbers.append(number)
        arrivals.append(arrival)
        if numbers.count == closesAfter { socket?.close() }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct HeldBackDatagramTests {
    @Test("Datagrams wait until they are asked for, then come in order, 64 at a time")
    func batches() async throws {
        let reader = Reader()
        let endpoint = try await reader.open()
        _ = try await reader.send(0..<100, to: endpoint)
        #expect(await reader.received.isEmpty)
        #expect(await reader.read().numbers == [UInt8](0..<64))
        #expect(await reader.read().numbers == [UInt8](64..<100))
        #expect(await reader.read().numbers.isEmpty)
        await reader.close()
    }

    @Test("What has waited comes with the time it came at, not the time it is read at")
    func arrival() async throws {
        let reader = Reader()
        let endpoint = try await reader.open()
        let first = try await reader.send(0..<1, to: endpoint)
        try await Task.sleep(for: .milliseconds(50))
        let second = try await reader.send(1..<2, to: endpoint)
        let arrivals = await reader.read().arrivals
        // Two clocks are compared.
        let tolerance = Duration.milliseconds(1)
        for (arrival, sent) in zip(arrivals, [first, second]) {
            #expect(arrival >= sent.lowerBound - tolerance && arrival <= sent.upperBound + tolerance)
        }
        #expect(arrivals.count == 2)
        await reader.close()
    }

    @Test("A socket that is closed by what it has read hands over nothing more")
    func closing() async throws {
        let reader = Reader()
        let endpoint = try await reader.open(closesAfter: 3)
        _ = try await reader.send(0..<6, to: endpoint)
        #expect(await reader.read().numbers == [0, 1, 2])
        #expect(await reader.read().numbers.isEmpty)
    }
}
