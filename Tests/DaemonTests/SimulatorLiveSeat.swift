import Audio
import Crypto
import Engine
import HTTP
import Logging
import Network
import SIP
import Simulator
import Wire

/// A seat on real sockets with real sound, its microphone a tone; it answers every INVITE.
actor SimulatorLiveSeat {
    private let executor = QueueExecutor(label: "live-seat")
    private let logger = Logger(label: "live-seat")
    private let mouth: SimulatorMouth
    private var agent: UserAgent
    private var socket: WebSocketClient?
    private var timer: DeadlineTimer?
    private var path: MediaPath?
    private let ear = SimulatorEar()
    private var lastRequest: UInt64 = 0
    private let notices: AsyncStream<Element>.Continuation
    private var iterator: AsyncStream<Element>.AsyncIterator

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    init(_ seat: String, tone: Double) {
        let user = seat + "_00010078"
        let address = URI(user: user, host: "platform.test")
        var contact = URI(user: user, host: "liveseat.invalid")
        contact.parameters["transport"] = "ws"
        var configuration = UserAgent.Configuration(
            addressOfRecord: NameAddress(address), contact: contact, viaHost: contact.host)
        configuration.credentials = UserAgent.Credentials(username: user, password: Redacted(seat))
        agent = UserAgent(configuration: configuration, randomness: .system)
        mouth = SimulatorMouth(tone: tone)
        let (stream, continuation) = AsyncStream.makeStream(of: Element.self)
        notices = continuation
        iterator = stream.makeAsyncIterator()
    }

    func connect(to addresses: PlatformServer.Addresses) {
        guard let url = WebSocketURL("wss://\(addresses.sip)/") else { return }
        var configuration = WebSocketClient.Configuration(url: url, subprotocols: ["sip"])
        configuration.route.trust = .authorities(file: addresses.authorityFile)
        timer = DeadlineTimer(on: executor) { [weak self] in
            self?.assumeIsolated { $0.handle(.deadlineReached) }
        }
        let socket = WebSocketClient(
            configuration, on: executor, logger: logger,
            callbacks: WebSocketClient.Callbacks(
                onOpen: { [weak self] _ in
                    self?.assumeIsolated {
                        $0.handle(.transportConnected)
                        $0.handle(.register(expires: .seconds(60)))
                    }
                },
                onMessage: { [weak self] message in self?.assumeIsolated { $0.received(message) } },
                onClose: { [weak self] _ in self?.assumeIsolated { $0.notices.finish() } }))
        self.socket = socket
        socket.connect()
    }

    func send(_ verb: Element) {
        lastRequest += 1
        handle(
            .send(
                RequestID(lastRequest), .message, target: URI(user: "PBX", host: "platform.test"),
                headers: [.contentType: "application/pidf+xml"], body: [UInt8](verb.document.utf8)))
    }

    /// The next `cc` of this code; nil when the connection has gone.
    func notice(_ code: String) async -> Element? {
        var iterator = self.iterator
        defer { self.iterator = iterator }
        while let notice = await iterator.next(isolation: self) {
            if notice["a"] == code { return notice }
        }
        return nil
    }

    func speak(_ speaks: Bool) { mouth.speak(speaks) }

    /// Comes back when one of these frequencies is the loudest, within 2 %.
    func hears(_ frequencies: Double...) async {
        for await _ in ear.readings {
            guard let heard = ear.frequency else { continue }
            if frequencies.contains(where: { abs(heard - $0) < $0 * 0.02 }) { return }
        }
    }

    /// Comes back when exactly these of the ear's tones are heard, half a second long.
    func hearsExactly(_ tones: Double...) async {
        var inARow = 0
        for await levels in ear.readings {
            let heard = zip(SimulatorEar.tones, levels).filter { $0.1 > -40 }.map(\.0)
            inARow = heard == tones.sorted() ? inARow + 1 : 0
            if inARow == 5 { return }
        }
    }

    private func handle(_ input: UserAgent.Input) {
        carryOut(agent.handle(input, at: MonotonicClock.now))
    }

    private func received(_ message: WebSocket.Message) {
        carryOut(agent.receive(message.bytes.span, at: MonotonicClock.now))
    }

    private func carryOut(_ outputs: [UserAgent.Output]) {
        for output in outputs { carryOut(output) }
        timer?.deadline = agent.deadline
    }

    private func carryOut(_ output: UserAgent.Output) {
        switch output {
        case .transmit(let bytes):
            socket?.send(WebSocket.Message(.text, bytes))
        case .registration(.registered):
            send(Element("cc", ["a": "1"]))
        case .request(let token, let request), .callRequest(_, let token, let request):
            handle(.respond(token, status: 200))
            if let notice = try? Element(parsing: request.body.span) { notices.yield(notice) }
        case .incomingCall(let handle, let request):
            answer(handle, request)
        case .callEnded:
            let path = path
            Task { await path?.close() }
        default:
            break
        }
    }

    private func answer(_ call: CallHandle, _ request: Request) {
        let path = MediaPath(
            configuration: MediaPath.Configuration(
                addresses: [.loopback4], certificate: .selfSigned(), cname: "live-seat"),
            source: mouth, sink: ear, logger: logger
        ) { _ in }
        self.path = path
        Task {
            let answer = try await path.answer(offer: request.text)
            handle(
                .answer(
                    call, status: 200, headers: [.contentType: "application/sdp"], body: [UInt8](answer.utf8)))
        }
    }
}
