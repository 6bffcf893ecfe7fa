import Crypto
import Dispatch
import HTTP
import HTTPTypes
import Logging
import Wire

/// One WebSocket connection to a server, over TLS or in the clear; usable from any thread.
///
/// It connects once: who wants to be connected again makes another one. Callbacks run on the executor's queue.
package actor WebSocketClient {
    private enum Phase {
        case idle
        case dialling(Dialer)
        case opening(StreamConnection, WebSocketOpening)
        case open(StreamConnection)
        /// All is said; the rest is on its way out.
        case lingering(StreamConnection)
        case closed
    }

    private static let lingerTime = Duration.seconds(2)

    nonisolated private let executor: QueueExecutor
    nonisolated private let outbox: Outbox
    private let configuration: Configuration
    private let logger: Logger
    private let callbacks: Callbacks
    private var phase = Phase.idle
    private var machine: WebSocket?
    private var timer: DeadlineTimer?
    private var hasReportedClose = false
    /// Both ends, once connected; none on a Unix socket.
    package private(set) var endpoints: (local: Endpoint, remote: Endpoint)?

    package init(
        _ configuration: Configuration, on executor: QueueExecutor, logger: Logger, callbacks: Callbacks
    ) {
        self.configuration = configuration
        self.executor = executor
        self.logger = logger
        self.callbacks = callbacks
        outbox = Outbox(limit: configuration.queueLimit)
    }

    nonisolated package var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Begins to connect; calls after the first do nothing.
    nonisolated package func connect() {
        performLater { $0.begin() }
    }

    /// Queues a message and never waits; one sent before ``Callbacks/onOpen`` is dropped, and a queue over its limit ends the
    /// connection.
    nonisolated package func send(_ message: WebSocket.Message) {
        switch outbox.add(message) {
        case .schedule: performLater { $0.sendOutbox() }
        case .overflowed: performLater { $0.fail(.overflowed) }
        case .added, .closed: break
        }
    }

    /// Closes after what was sent before; ``Callbacks/onClose`` follows in any case once ``connect()`` was called.
    nonisolated package func close(_ code: WebSocket.CloseCode = .normal) {
        performLater { $0.beginClose(code) }
    }

    /// Pings the peer, which counts as dead if nothing comes from it within the time: for when there is reason to doubt.
    nonisolated package func probe(within limit: Duration) {
        performLater { $0.carryOut($0.machine?.probe(within: limit, at: MonotonicClock.now) ?? []) }
    }

    nonisolated private func performLater(_ work: @escaping @Sendable (isolated WebSocketClient) -> Void) {
        executor.queue.async { self.assumeIsolated(work) }
    }
}

extension WebSocketClient {
    private func begin() {
        guard case .idle = phase else { return }
        timer = DeadlineTimer(on: executor) { [weak self] in self?.assumeIsolated { $0.deadlineReached() } }
        timer?.deadline = MonotonicClock.now + configuration.connectTime
        phase = .dialling(
            Dialer(to: configuration.url, by: configuration.route, on: executor) { [weak self] result in
                self?.assumeIsolated { $0.dialled(result) }
            })
    }

    private func dialled(_ result: Dialer.Result) {
        switch result {
        case .failure(let failure): fail(CloseReason(failure))
        case .success(let connection): open(connection)
        }
    }

    private func open(_ connection: Dialled) {
        if let local = connection.socket.local, case .network(let remote) = connection.socket.peer {
            endpoints = (local, remote)
        }
        var randomness = Randomness.system
        let opening = WebSocketOpening(
            to: configuration.url, subprotocols: configuration.subprotocols, compression: configuration.compression,
            fields: configuration.fields, randomness: &randomness)
        let callbacks = StreamCallbacks(
            onReceive: { [weak self] bytes in self?.assumeIsolated { $0.received(bytes) } },
            onDrained: {},
            onEnd: { [weak self] in self?.assumeIsolated { $0.streamClosed(nil) } },
            onClosed: { [weak self] failure in self?.assumeIsolated { $0.streamClosed(failure) } })
        let stream = connection.stream(queueLimit: 2 * configuration.queueLimit, on: executor, callbacks: callbacks)
        phase = .opening(stream, opening)
        stream.send(opening.request.span)
    }
}

extension WebSocketClient {
    private func received(_ bytes: Span<UInt8>) {
        switch phase {
        case .opening(let stream, let opening): continueOpening(stream, opening, bytes)
        case .open: receiveFrames(bytes)
        case .idle, .dialling, .lingering, .closed: break
        }
    }

    private func continueOpening(_ stream: StreamConnection, _ opening: WebSocketOpening, _ bytes: Span<UInt8>) {
        var opening = opening
        do throws(WebSocketOpening.Failure) {
            guard let acceptance = try opening.receive(bytes) else {
                phase = .opening(stream, opening)
                return
            }
            opened(stream, acceptance)
        } catch {
            fail(CloseReason(error))
        }
    }

    private func opened(_ stream: StreamConnection, _ acceptance: WebSocketOpening.Acceptance) {
        var settings = WebSocket.Configuration()
        settings.messageLimit = configuration.messageLimit
        settings.pingInterval = configuration.pingInterval
        settings.silenceLimit = configuration.silenceLimit
        machine = WebSocket(
            role: .client, configuration: settings, deflation: acceptance.deflation, randomness: .system,
            at: MonotonicClock.now)
        phase = .open(stream)
        callbacks.onOpen(acceptance.subprotocol)
        receiveFrames(acceptance.rest.span)
    }

    /// What is sent in answer to a message goes out before what the frames behind it bring about.
    private func receiveFrames(_ bytes: Span<UInt8>) {
        let now = MonotonicClock.now
        var position = 0
        while position < bytes.count, case .open = phase {
            carryOut(machine?.receive(bytes, from: &position, at: now) ?? [])
            sendOutbox()
        }
    }

    private func sendOutbox() {
        let messages = outbox.takeAll()
        guard case .open(let stream) = phase else { return }
        for message in messages {
            guard stream.pendingCount <= configuration.queueLimit else {
                fail(.overflowed)
                return
            }
            carryOut(machine?.send(message) ?? [])
        }
    }

    private func beginClose(_ code: WebSocket.CloseCode) {
        outbox.close()
        switch phase {
        case .open: carryOut(machine?.close(code, at: MonotonicClock.now) ?? [])
        case .dialling, .opening: fail(.closed(code))
        case .idle, .lingering, .closed: break
        }
    }

    private func carryOut(_ outputs: [WebSocket.Output]) {
        for output in outputs {
            switch (output, phase) {
            case (.message(let message), _): callbacks.onMessage(message)
            case (.send(let bytes), .open(let stream)): stream.send(bytes.span)
            case (.send, _): break
            case (.closed(let code), _): linger(.closed(code))
            case (.dead, _): fail(.dead)
            }
        }
        if case .open = phase { timer?.deadline = machine?.deadline }
    }

    /// Lets what is queued go out before the transport ends.
    private func linger(_ reason: CloseReason) {
        guard case .open(let stream) = phase else { return }
        phase = .lingering(stream)
        stream.finish()
        timer?.deadline = MonotonicClock.now + Self.lingerTime
        report(reason)
    }

    private func streamClosed(_ failure: StreamFailure?) {
        switch phase {
        case .open:
            let code = machine?.connectionEnded() ?? .abnormal
            fail(failure.map(CloseReason.init) ?? .closed(code))
        case .opening: fail(failure.map(CloseReason.init) ?? .closed(.abnormal))
        case .lingering: fail(.closed(.abnormal))
        case .idle, .dialling, .closed: break
        }
    }

    private func deadlineReached() {
        switch phase {
        case .dialling, .opening: fail(.timedOut)
        case .open: carryOut(machine?.deadlineReached(at: MonotonicClock.now) ?? [])
        case .lingering: fail(.closed(.abnormal))
        case .idle, .closed: break
        }
    }

    /// Ends everything now.
    private func fail(_ reason: CloseReason) {
        switch phase {
        case .dialling(let dialer): dialer.cancel()
        case .opening(let stream, _), .open(let stream), .lingering(let stream): stream.cancel()
        case .idle, .closed: break
        }
        phase = .closed
        timer = nil
        report(reason)
    }

    private func report(_ reason: CloseReason) {
        guard !hasReportedClose else { return }
        hasReportedClose = true
        outbox.close()
        logger.debug("WebSocket closed", metadata: ["reason": "\(reason)"])
        callbacks.onClose(reason)
    }
}
