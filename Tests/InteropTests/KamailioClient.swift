import Crypto
import HTTP
import Logging
import Network
import SIP
import Wire

/// Our user agent on our WebSocket client, both in the shape the daemon has them.
actor KamailioClient {
    enum Fact: Sendable {
        case opened(subprotocol: String?)
        case closed(WebSocketClient.CloseReason)
        case agent(UserAgent.Output)
    }

    private let executor = QueueExecutor(label: "kamailio-client")
    private var agent: UserAgent
    private var socket: WebSocketClient?
    private var connections = 0
    private var timer: DeadlineTimer?
    private let facts: AsyncStream<Fact>.Continuation
    private var iterator: AsyncStream<Fact>.AsyncIterator

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter instanceID: makes it ask for outbound and a GRUU.
    init(user: String, password: String, instanceID: String? = nil) {
        let address = URI(user: user, host: "lab.test")
        var contact = URI(user: user, host: "kamailioclient.invalid")
        contact.parameters["transport"] = "ws"
        var configuration = UserAgent.Configuration(
            addressOfRecord: NameAddress(address), contact: contact, viaHost: contact.host)
        configuration.credentials = UserAgent.Credentials(username: user, password: Redacted(password))
        configuration.accepted.insert(.refer)
        configuration.instanceID = instanceID
        agent = UserAgent(configuration: configuration, randomness: .system)
        let (stream, continuation) = AsyncStream.makeStream(of: Fact.self)
        facts = continuation
        iterator = stream.makeAsyncIterator()
    }

    func connect(to uri: String, by route: ServerRoute = ServerRoute()) {
        guard let url = WebSocketURL(uri) else { preconditionFailure() }
        var configuration = WebSocketClient.Configuration(url: url, subprotocols: ["sip"])
        configuration.route = route
        timer = DeadlineTimer(on: executor) { [weak self] in
            self?.assumeIsolated { $0.handle(.deadlineReached) }
        }
        connections += 1
        let number = connections
        let socket = WebSocketClient(
            configuration, on: executor, logger: Logger(label: "kamailio-client"),
            callbacks: WebSocketClient.Callbacks(
                onOpen: { [weak self] subprotocol in self?.assumeIsolated { $0.opened(subprotocol) } },
                onMessage: { [weak self] message in self?.assumeIsolated { $0.received(message) } },
                onClose: { [weak self] reason in self?.assumeIsolated { $0.closed(number, reason) } }))
        self.socket = socket
        socket.connect()
    }

    /// From now on no deadline is met: it refreshes nothing and repeats nothing.
    func stopClock() {
        timer = nil
    }

    /// Closes the connection as if it had been lost.
    func disconnect() {
        socket?.close()
        socket = nil
        connections += 1
        handle(.transportFailed)
    }

    func handle(_ input: UserAgent.Input) {
        carryOut(agent.handle(input, at: MonotonicClock.now))
    }

    /// The next of the user agent's outputs that `pick` makes something of.
    func output<Result>(_ pick: (UserAgent.Output) -> Result?) async -> Result? {
        await next { fact in if case .agent(let output) = fact { pick(output) } else { nil } }
    }

    /// The next state of the registration that is not on its way to another.
    func registration() async -> Registration.State? {
        await output { output in
            guard case .registration(let state) = output else { return nil }
            switch state {
            case .registering, .refreshing, .unregistering: return nil
            case .registered, .unregistered, .failed: return state
            }
        }
    }

    /// The next fact that `pick` makes something of.
    func next<Result>(_ pick: (Fact) -> Result?) async -> Result? {
        var iterator = self.iterator
        defer { self.iterator = iterator }
        while let fact = await iterator.next(isolation: self) {
            if let result = pick(fact) { return result }
        }
        return nil
    }

    private func opened(_ subprotocol: String?) {
        facts.yield(.opened(subprotocol: subprotocol))
        handle(.transportConnected)
    }

    private func received(_ message: WebSocket.Message) {
        carryOut(agent.receive(message.bytes.span, at: MonotonicClock.now))
    }

    /// That an earlier connection has ended is known.
    private func closed(_ number: Int, _ reason: WebSocketClient.CloseReason) {
        guard number == connections else { return }
        facts.yield(.closed(reason))
        handle(.transportFailed)
    }

    private func carryOut(_ outputs: [UserAgent.Output]) {
        for output in outputs {
            if case .transmit(let bytes) = output { socket?.send(WebSocket.Message(.text, bytes)) }
            facts.yield(.agent(output))
        }
        timer?.deadline = agent.deadline
    }
}
