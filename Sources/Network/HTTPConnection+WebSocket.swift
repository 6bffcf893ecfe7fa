import HTTP
import HTTPTypes
import Logging
import Wire

/// The connection after its upgrade.
extension HTTPConnection {
    struct OpenWebSocket: ~Copyable {
        var machine: WebSocket
        let outbox: Outbox
        let callbacks: WebSocketCallbacks
    }

    /// Answers the request in hand with 101.
    func upgrade(
        subprotocol: String?, compression: WebSocket.Compression?, fields: HTTPFields,
        onOpen: @Sendable (WebSocketConnection) -> WebSocketCallbacks
    ) {
        guard phase == .answering, let request else { return }
        guard case .offer(let key, _, let extensions) = WebSocketOffer(request) else {
            answer(.internalServerError)
            return
        }
        self.request = nil
        phase = .webSocket
        let acceptance = WebSocketAcceptance(
            key: key, subprotocol: subprotocol, extensions: extensions, compression: compression, fields: fields)
        ResponseWriter.append(informational: acceptance.response, into: &output)
        let outbox = Outbox(limit: limits.webSocketQueue)
        var configuration = WebSocket.Configuration()
        configuration.messageLimit = limits.webSocketMessage
        configuration.pingInterval = limits.pingInterval
        configuration.silenceLimit = limits.silenceLimit
        configuration.closeTime = limits.closeTime
        webSocket = OpenWebSocket(
            machine: WebSocket(
                role: .server, configuration: configuration, deflation: acceptance.deflation, randomness: .system,
                at: MonotonicClock.now),
            outbox: outbox, callbacks: onOpen(WebSocketConnection(self, outbox: outbox)))
        socket?.resumeReading()
        receiveFrames(parser.takeRest().span)
        if isStopping { closeWebSocket(.goingAway) }
        if peerHasEnded { endWebSocket(webSocket?.machine.connectionEnded() ?? .abnormal) }
        updateDeadline()
    }

    /// What is sent in answer to a message goes out before what the frames behind it bring about.
    func receiveFrames(_ bytes: Span<UInt8>) {
        let now = MonotonicClock.now
        var position = 0
        while position < bytes.count, phase == .webSocket {
            carryOut(webSocket?.machine.receive(bytes, from: &position, at: now) ?? [], flushing: false)
            frameOutbox()
        }
        flush()
    }

    /// Sends what has been put into the outbox.
    func sendOutbox() {
        frameOutbox()
        flush()
        updateDeadline()
    }

    private func frameOutbox() {
        guard phase == .webSocket, let outbox = webSocket?.outbox else { return }
        for message in outbox.takeAll() {
            if isBackedUp { flush() }
            guard unsentCount <= limits.webSocketQueue else {
                webSocketOverflowed()
                return
            }
            carryOut(webSocket?.machine.send(message) ?? [], flushing: false)
        }
    }

    /// The outbox has been emptied before: its turn on the queue came earlier.
    func whenWebSocketDrained(_ action: @escaping @Sendable () -> Void) {
        if webSocket != nil { whenDrained(action) }
    }

    func webSocketOverflowed() {
        logger.notice("a WebSocket peer reads too slowly and is cut off")
        closeWebSocket(.policyViolation, reason: "too slow")
    }

    func closeWebSocket(_ code: WebSocket.CloseCode, reason: String = "") {
        guard phase == .webSocket else { return }
        webSocket?.outbox.close()
        carryOut(webSocket?.machine.close(code, reason: reason, at: MonotonicClock.now) ?? [])
        updateDeadline()
    }

    func carryOut(_ outputs: [WebSocket.Output], flushing: Bool = true) {
        for output in outputs {
            switch output {
            case .message(let message): webSocket?.callbacks.onMessage(message)
            case .send(let bytes): self.output += bytes
            case .closed(let code): endWebSocket(code)
            case .dead:
                endWebSocket(.abnormal)
                cut()
            }
        }
        if flushing { flush() }
    }

    func endWebSocket(_ code: WebSocket.CloseCode) {
        guard let ended = webSocket.take() else { return }
        dropDrainActions()
        ended.outbox.close()
        if phase == .webSocket { linger() }
        ended.callbacks.onClose(code)
    }
}
