import Crypto
import HTTP
import ICE
import Network
import Wire

/// An address that a TURN server lends us, used like a UDP socket; owned and used on its executor only, where the callbacks
/// run as well.
final class Relay {
    struct Callbacks {
        var onAllocated: (Relay) -> Void
        var onReceive: (_ datagram: Span<UInt8>, _ peer: Endpoint, _ relayed: Endpoint, _ arrival: Instant) -> Void
        /// Called once, also if there never was an allocation, but not after ``Relay/close()``.
        var onEnd: (Relay, _ reason: String) -> Void
    }

    private enum Transport {
        case none
        case socket(UDPSocket, server: Endpoint)
        case stream(StreamConnection)
    }

    /// What may wait for a stream before it counts as broken: a second of speech is 10 KiB.
    private static let queueLimit = 64 * 1024

    private(set) var relayed: Endpoint?
    /// The address the server sees us at.
    private(set) var mapped: Endpoint?
    /// Which of the configured servers it is, counted from 0.
    let rank: Int
    /// The address of this machine it is spoken to from, once that is known.
    private(set) var localAddress: IPAddress?
    private let executor: QueueExecutor
    private let callbacks: Callbacks
    private var client: TURNClient
    private var frames = TURNFrames()
    /// What a peer has sent, reused.
    private var datagram: [UInt8] = []
    private var transport = Transport.none
    private var dialer: Dialer?
    private var timer: DeadlineTimer?
    private var hasEnded = false
    private var isClosing = false
    /// Holds itself until the server has been told.
    private var keptAlive: Relay?

    init(
        _ server: ICEConfiguration.Server, over transport: ServerURI.Transport, rank: Int, trust: TLSContext.Trust,
        on executor: QueueExecutor, callbacks: Callbacks
    ) {
        self.rank = rank
        self.executor = executor
        self.callbacks = callbacks
        client = TURNClient(account: server.account, isStream: transport != .udp, randomness: .system)
        timer = DeadlineTimer(on: executor) { [weak self] in self?.handle(.deadlineReached) }
        switch transport {
        case .udp:
            HostName.resolve(server.uri.host, port: server.uri.port, on: executor) { [weak self] in
                self?.open(toward: $0)
            }
        case .tcp, .tls: connect(to: server.uri, isSecure: transport == .tls, trust)
        }
    }

    /// Whether it may still lend us an address.
    var isPending: Bool { relayed == nil && !hasEnded }

    /// Whether what comes in datagrams waits for ``read()``; a stream does not.
    var isReadOnDemand: Bool {
        if case .socket(let socket, _) = transport { socket.isReadOnDemand } else { false }
    }

    func holdBack() {
        if case .socket(let socket, _) = transport { socket.holdBack() }
    }

    func read() {
        if case .socket(let socket, _) = transport { socket.read() }
    }

    func send(_ datagram: Span<UInt8>, to peer: Endpoint) {
        perform(client.send(datagram, to: peer, at: MonotonicClock.now) { transmit($0) })
    }

    /// Gives the address back.
    func close() {
        guard !hasEnded else { return }
        isClosing = true
        keptAlive = self
        handle(.close)
    }

    private func open(toward servers: [Endpoint]) {
        guard !hasEnded else { return }
        for server in servers {
            guard let address = UDPSocket.localAddress(toward: server),
                let socket = try? UDPSocket(
                    binding: Endpoint(address, port: 0), on: executor,
                    onReceive: { [weak self] message, source, arrival in
                        if source == server { self?.receive(message, at: arrival) }
                    })
            else { continue }
            localAddress = address
            transport = .socket(socket, server: server)
            return handle(.start)
        }
        end(servers.isEmpty ? "no address" : "no route")
    }

    private func connect(to server: ServerURI, isSecure: Bool, _ trust: TLSContext.Trust) {
        let host = server.host.contains(":") ? "[\(server.host)]" : server.host
        guard let url = WebSocketURL("\(isSecure ? "wss" : "ws")://\(host):\(server.port)") else { return }
        dialer = Dialer(to: url, by: ServerRoute(trust: trust), on: executor) { [weak self] result in
            self?.dialled(result)
        }
    }

    private func dialled(_ result: Dialer.Result) {
        dialer = nil
        guard !hasEnded else { return }
        switch result {
        case .failure(let failure): end("\(failure)")
        case .success(let dialled):
            localAddress = dialled.localAddress
            let callbacks = StreamCallbacks(
                onReceive: { [weak self] in self?.receiveStream($0) }, onDrained: {},
                onEnd: { [weak self] in self?.end("the server has ended the connection") },
                onClosed: { [weak self] in self?.end($0.map { "\($0)" } ?? "the connection is closed") })
            transport = .stream(dialled.stream(queueLimit: Self.queueLimit, on: executor, callbacks: callbacks))
            handle(.start)
        }
    }

    private func receiveStream(_ bytes: Span<UInt8>) {
        do {
            let now = MonotonicClock.now
            try frames.receive(bytes) { receive($0, at: now) }
        } catch {
            end("\(error)")
        }
    }

    private func receive(_ message: Span<UInt8>, at arrival: Instant) {
        guard !hasEnded else { return }
        var sender: Endpoint?
        var datagram = exchange(&self.datagram, with: [])
        let outputs = client.receive(message, at: arrival) { bytes, peer in
            sender = peer
            datagram.removeAll(keepingCapacity: true)
            bytes.withUnsafeBufferPointer { datagram.append(contentsOf: $0) }
        }
        perform(outputs)
        // Not before the client is done: an answer may go out through it at once.
        if let sender, let relayed { callbacks.onReceive(datagram.span, sender, relayed, arrival) }
        self.datagram = datagram
    }

    private func handle(_ input: TURNClient.Input) {
        perform(client.handle(input, at: MonotonicClock.now))
    }

    private func perform(_ outputs: [TURNClient.Output]) {
        for output in outputs {
            switch output {
            case .transmit(let message): transmit(message.span)
            case .allocated(let endpoint, let mapped):
                relayed = endpoint
                self.mapped = mapped
                callbacks.onAllocated(self)
            case .ended(let end): self.end("\(end)")
            }
        }
        timer?.deadline = client.deadline
    }

    private func transmit(_ message: Span<UInt8>) {
        switch transport {
        case .none: break
        case .socket(let socket, let server): _ = socket.send(message, to: server)
        case .stream(let stream): stream.send(message)
        }
    }

    private func end(_ reason: String) {
        guard !hasEnded else { return }
        hasEnded = true
        timer = nil
        dialer?.cancel()
        dialer = nil
        switch transport {
        case .none: break
        case .socket(let socket, _): socket.close()
        case .stream(let stream): stream.cancel()
        }
        transport = .none
        if !isClosing { callbacks.onEnd(self, reason) }
        keptAlive = nil
    }
}
