import Crypto
import Dispatch
import Glibc
import HTTP
import HTTPTypes
import Logging
import Wire

/// One connection of an ``HTTPServer``: requests one after the other, then perhaps a WebSocket.
///
/// A pipelined request is not looked at before the one in front of it is answered, which keeps the answers in order.
actor HTTPConnection {
    enum Phase: Equatable {
        /// Between two requests or inside one.
        case receiving
        /// The request's closure has it.
        case answering
        /// The answer is under way, piece by piece.
        case streaming
        case webSocket
        /// The last word is said; what the peer still sends is read and dropped so that it can read that word, RFC 9112 §9.6.
        case lingering
        case closed
    }

    private static let lingerTime = Duration.seconds(2)
    /// What a client that was turned away is told to wait, in seconds.
    private static let retryAfter = "2"

    nonisolated let peer: SocketPeer
    nonisolated private let local: Endpoint?
    nonisolated private let executor: QueueExecutor
    nonisolated private let configuration: HTTPServer.Configuration
    let logger: Logger
    private let onRequest: HTTPServer.RequestClosure
    private let onClosed: @Sendable (HTTPConnection) -> Void
    /// Whether it is one too many, and whatever it asks is answered with 503.
    private let isTurnedAway: Bool

    var socket: StreamConnection?
    private var timer: DeadlineTimer?
    var phase = Phase.receiving
    var parser: RequestParser
    /// The request in the hands of its closure.
    var request: RequestParser.Request?
    var output: [UInt8] = []
    var dates = DateCache()
    /// When the request that is being received began, or when the connection did.
    private var requestBegan: Instant?
    private var idleSince: Instant
    private var lingersUntil: Instant?
    private var isProcessing = false
    var peerHasEnded = false
    var isStopping = false
    var webSocket: OpenWebSocket?
    var stream: OpenStream?
    private var drainActions: [@Sendable () -> Void] = []

    init(
        _ socket: ConnectedSocket, scheme: String, isTurnedAway: Bool, configuration: HTTPServer.Configuration,
        logger: Logger, on executor: QueueExecutor,
        onRequest: @escaping HTTPServer.RequestClosure,
        onClosed: @escaping @Sendable (HTTPConnection) -> Void
    ) {
        peer = socket.peer
        local = socket.local
        self.isTurnedAway = isTurnedAway
        self.executor = executor
        self.configuration = configuration
        self.logger = logger
        self.onRequest = onRequest
        self.onClosed = onClosed
        let limits = configuration.limits
        var parserLimits = RequestParser.Limits()
        parserLimits.requestLine = limits.requestLine
        parserLimits.header = limits.header
        parserLimits.fieldCount = limits.fieldCount
        parserLimits.body = limits.body
        parser = RequestParser(scheme: scheme, limits: parserLimits)
        idleSince = MonotonicClock.now
        requestBegan = idleSince
    }

    nonisolated var limits: HTTPServer.Limits { configuration.limits }
    /// Bytes that may wait on a ``ResponseStream``.
    nonisolated var streamQueueLimit: Int { limits.streamQueue }
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Does it now when the caller is on the queue, else as soon as the queue comes to it.
    nonisolated func perform(_ work: @escaping @Sendable (isolated HTTPConnection) -> Void) {
        if executor.isCurrent {
            assumeIsolated(work)
        } else {
            performLater(work)
        }
    }

    nonisolated func performLater(_ work: @escaping @Sendable (isolated HTTPConnection) -> Void) {
        executor.async { self.assumeIsolated(work) }
    }

    func start(_ socket: ConnectedSocket, tls context: TLSContext?) {
        let callbacks = StreamCallbacks(
            onReceive: { [weak self] bytes in self?.assumeIsolated { $0.received(bytes) } },
            onDrained: { [weak self] in self?.assumeIsolated { $0.drained() } },
            onEnd: { [weak self] in self?.assumeIsolated { $0.peerEnded() } },
            onClosed: { [weak self] failure in self?.assumeIsolated { $0.streamClosed(failure) } })
        let queueLimit = 2 * max(limits.webSocketQueue, limits.streamQueue)
        self.socket =
            if let context {
                StreamConnection(
                    socket, tls: TLSSession(server: context), queueLimit: queueLimit, on: executor,
                    callbacks: callbacks)
            } else {
                StreamConnection(socket, queueLimit: queueLimit, on: executor, callbacks: callbacks)
            }
        timer = DeadlineTimer(on: executor) { [weak self] in self?.assumeIsolated { $0.deadlineReached() } }
        updateDeadline()
    }

    /// Lets a request that is being answered finish, and closes everything else.
    func stop() {
        isStopping = true
        switch phase {
        case .receiving: if isTurnedAway || !parser.isInsideRequest { closeIdle() }
        case .webSocket:
            sendOutbox()
            closeWebSocket(.goingAway)
        case .streaming: endStream(.serverStopping)
        case .answering, .lingering, .closed: break
        }
    }

    /// Closes now, whatever is going on.
    func cut() {
        socket?.cancel()
        close()
    }
}

extension HTTPConnection {
    private func received(_ bytes: Span<UInt8>) {
        switch phase {
        case .receiving where isTurnedAway:
            refuse(.serviceUnavailable, fields: [.retryAfter: Self.retryAfter])
        case .receiving, .answering, .streaming:
            requestBegan = requestBegan ?? MonotonicClock.now
            parser.receive(bytes)
            process()
            if phase != .receiving || isBackedUp, parser.bufferedCount > limits.pipeline { socket?.pauseReading() }
        case .webSocket:
            receiveFrames(bytes)
        case .lingering, .closed:
            break
        }
        updateDeadline()
    }

    private func drained() {
        runDrainActions()
        if phase == .receiving, parser.bufferedCount > 0 { requestBegan = MonotonicClock.now }
        process()
    }

    /// Whether the client does not read its answers.
    var isBackedUp: Bool { unsentCount > limits.pipeline }

    var unsentCount: Int { (socket?.pendingCount ?? 0) + output.count }

    /// Hands out requests until one is not answered at once or the bytes received hold no whole one.
    private func process() {
        guard !isProcessing, phase == .receiving else { return }
        isProcessing = true
        defer { isProcessing = false }
        socket?.resumeReading()
        while phase == .receiving {
            if isBackedUp { flush() }
            guard !isBackedUp else { break }
            do {
                guard let event = try parser.next() else { break }
                switch event {
                case .bodyExpected(let head, let expectsContinue):
                    if let answer = configuration.onHead(incoming(head)) {
                        refuse(answer)
                    } else if expectsContinue {
                        ResponseWriter.append(informational: HTTPResponse(status: .continue), into: &output)
                    }
                case .request(let request):
                    handOut(request)
                }
            } catch {
                logger.debug("request refused", metadata: ["status": "\(error.status.code)"])
                refuse(error.status)
            }
        }
        flush()
        if peerHasEnded, phase == .receiving { linger() }
        updateDeadline()
    }

    private func handOut(_ request: RequestParser.Request) {
        self.request = request
        phase = .answering
        requestBegan = nil
        let subprotocols: [String]?
        switch WebSocketOffer(request) {
        case .none: subprotocols = nil
        case .offer(_, let offered, _): subprotocols = offered
        case .malformed:
            answer(.badRequest)
            return
        case .versionNotSupported:
            answer(.upgradeRequired, WebSocketOffer.versionFields)
            return
        }
        onRequest(incoming(request.head, body: request.body, subprotocols: subprotocols), Responder(self))
    }

    private func incoming(
        _ head: HTTPRequest, body: [UInt8] = [], subprotocols: [String]? = nil
    ) -> IncomingRequest {
        IncomingRequest(head: head, body: body, peer: peer, local: local, offeredSubprotocols: subprotocols)
    }

    /// Answers the request in hand.
    func answer(_ response: HTTPResponse, body: [UInt8]) {
        guard phase == .answering, let request else { return }
        let keepsAlive = request.keepsAlive && !isStopping && !peerHasEnded
        ResponseWriter.append(
            response, body: body, to: request.head.method, keepsAlive: keepsAlive, date: dates.now(), into: &output)
        answered(keepsAlive: keepsAlive)
    }

    /// Answers the request in hand without its closure.
    func answer(_ status: HTTPResponse.Status, _ fields: HTTPFields = [:]) {
        var (response, body) = configuration.refusal(status, (request?.head).map { incoming($0) })
        if response.status == status { response.headerFields += fields }
        answer(response, body: body)
    }

    /// The request in hand has its whole answer.
    func answered(keepsAlive: Bool) {
        request = nil
        guard keepsAlive else {
            linger()
            return
        }
        phase = .receiving
        idleSince = MonotonicClock.now
        requestBegan = parser.bufferedCount > 0 ? idleSince : nil
        process()
    }

    /// Answers what is not a request, and says no more.
    private func refuse(_ status: HTTPResponse.Status, fields: HTTPFields = [:]) {
        var answer = configuration.refusal(status, parser.head.map { incoming($0) })
        answer.response.headerFields += fields
        refuse(answer)
    }

    private func refuse(_ answer: HTTPServer.Answer) {
        ResponseWriter.append(
            answer.response, body: answer.body, to: .get, keepsAlive: false, date: dates.now(), into: &output)
        linger()
    }
}

extension HTTPConnection {
    func whenDrained(_ action: @escaping @Sendable () -> Void) {
        drainActions.append(action)
        if unsentCount == 0 { runDrainActions() }
    }

    private func runDrainActions() {
        guard !drainActions.isEmpty else { return }
        let actions = drainActions
        drainActions = []
        for action in actions { action() }
    }

    /// What was to come after is not sent any more.
    func dropDrainActions() {
        drainActions = []
    }

    func flush() {
        guard !output.isEmpty else { return }
        socket?.send(output.span)
        output.removeAll(keepingCapacity: output.capacity <= limits.pipeline)
    }

    func linger() {
        guard phase != .closed, phase != .lingering else { return }
        flush()
        // A slow reader of a long answer gets more time than one that has all of it, or has had a WebSocket's time.
        let isReading = phase != .webSocket && unsentCount > 0
        lingersUntil = MonotonicClock.now + (isReading ? limits.idleTime : Self.lingerTime)
        phase = .lingering
        socket?.finish()
        updateDeadline()
    }

    /// Closes between two requests, when there is nothing the peer might still have to read.
    private func closeIdle() {
        linger()
        if socket?.pendingCount == 0, !parser.isInsideRequest { cut() }
    }

    private func peerEnded() {
        peerHasEnded = true
        switch phase {
        case .receiving: process()
        case .webSocket: endWebSocket(webSocket?.machine.connectionEnded() ?? .abnormal)
        case .streaming: streamDisconnected()
        case .answering, .lingering, .closed: break
        }
    }

    private func streamClosed(_ failure: StreamFailure?) {
        if let failure { logger.debug("connection failed", metadata: ["failure": "\(failure)"]) }
        close()
    }

    private func close() {
        guard phase != .closed else { return }
        phase = .closed
        timer = nil
        socket = nil
        closeStream(.disconnected)
        endWebSocket(webSocket?.machine.connectionEnded() ?? .abnormal)
        onClosed(self)
    }

    func updateDeadline() {
        timer?.deadline =
            switch phase {
            case .receiving where isTurnedAway: idleSince + Self.lingerTime
            case .receiving where isBackedUp: idleSince + limits.idleTime
            case .receiving:
                requestBegan.map { $0 + (parser.isInsideBody ? limits.requestTime : limits.headerTime) }
                    ?? idleSince + limits.idleTime
            case .webSocket: webSocket?.machine.deadline
            case .lingering: lingersUntil
            case .answering, .streaming, .closed: nil
            }
    }

    private func deadlineReached() {
        switch phase {
        case .receiving:
            if !isBackedUp, requestBegan != nil, parser.isInsideRequest { refuse(.requestTimeout) } else { closeIdle() }
        case .webSocket:
            carryOut(webSocket?.machine.deadlineReached(at: MonotonicClock.now) ?? [])
        case .lingering:
            cut()
        case .answering, .streaming, .closed:
            break
        }
        updateDeadline()
    }
}
