import Wire

/// One end of an open WebSocket connection, RFC 6455 §5 to §7, with its keep-alive and its compression, RFC 7692.
///
/// Messages that come after this end began to close are dropped.
package struct WebSocket: ~Copyable, Sendable {
    package enum Role: Sendable { case client, server }

    package struct Configuration: Sendable {
        package var messageLimit = 1024 * 1024
        /// How often a ping is sent.
        package var pingInterval = Duration.seconds(20)
        /// How long nothing may come before the peer counts as dead.
        package var silenceLimit = Duration.seconds(45)
        /// How long the peer may take to answer a close frame.
        package var closeTime = Duration.seconds(5)

        package init() {}
    }

    package enum Output: Sendable, Equatable {
        case message(Message)
        case send([UInt8])
        /// The connection is over: send what is before this, then end the transport. The code is the peer's if it sent one,
        /// else the one this end closed with, ``CloseCode/abnormal`` if there was none at all.
        case closed(CloseCode)
        /// Nothing came for too long; followed by no ``closed(_:)``.
        case dead
    }

    private enum State {
        case open
        /// This end has sent a close frame.
        case closing(CloseCode, until: Instant)
        case closed
    }

    private let configuration: Configuration
    private var state = State.open
    private var reader: FrameReader
    private var writer: FrameWriter
    private var lastReceived: Instant
    private var nextPing: Instant
    /// By when something has to come, after ``probe(within:at:)``.
    private var proofDue: Instant?

    /// `deflation` is what the opening handshake agreed on.
    package init(
        role: Role, configuration: Configuration = Configuration(), deflation: Deflation? = nil,
        randomness: Randomness, at now: Instant
    ) {
        self.configuration = configuration
        reader = FrameReader(
            role: role, messageLimit: configuration.messageLimit, deflation: deflation?.receiving(role))
        writer = FrameWriter(role: role, deflation: deflation, randomness: randomness)
        lastReceived = now
        nextPing = now + configuration.pingInterval
    }

    /// When to call ``deadlineReached(at:)`` if nothing else happens before.
    package var deadline: Instant? {
        switch state {
        case .open: earliest(min(nextPing, lastReceived + configuration.silenceLimit), proofDue)
        case .closing(_, let until): until
        case .closed: nil
        }
    }

    /// Takes in bytes from `position` on and stops behind a message, so that the answer to it can be sent before what the next
    /// frames bring about.
    package mutating func receive(_ bytes: Span<UInt8>, from position: inout Int, at now: Instant) -> [Output] {
        lastReceived = now
        proofDue = nil
        var outputs: [Output] = []
        do {
            while !isClosed, let event = try reader.next(bytes, &position) {
                outputs += handle(event)
                if case .message = event { return outputs }
            }
        } catch {
            outputs += fail(error)
        }
        position = bytes.count
        return outputs
    }

    /// Takes in bytes, all at once.
    package mutating func receive(_ bytes: Span<UInt8>, at now: Instant) -> [Output] {
        var position = 0
        var outputs = receive(bytes, from: &position, at: now)
        while position < bytes.count { outputs += receive(bytes, from: &position, at: now) }
        return outputs
    }

    package mutating func send(_ message: Message) -> [Output] {
        guard case .open = state else { return [] }
        return [.send(writer.frame(message))]
    }

    /// Pings now; the peer counts as dead if nothing comes within the time.
    package mutating func probe(within limit: Duration, at now: Instant) -> [Output] {
        guard case .open = state, proofDue == nil else { return [] }
        proofDue = now + limit
        return [.send(writer.frame(.ping, []))]
    }

    /// Starts the closing handshake of §7.1.2; a reason is cut to the 123 bytes that fit.
    package mutating func close(_ code: CloseCode, reason: String = "", at now: Instant) -> [Output] {
        guard case .open = state else { return [] }
        state = .closing(code, until: now + configuration.closeTime)
        return [.send(closeFrame(code, reason: reason))]
    }

    /// The transport has ended; gives the code the connection is closed with, nil if it was closed before.
    package mutating func connectionEnded() -> CloseCode? {
        defer { state = .closed }
        return switch state {
        case .open: .abnormal
        case .closing(let code, _): code
        case .closed: nil
        }
    }

    package mutating func deadlineReached(at now: Instant) -> [Output] {
        switch state {
        case .open where now >= lastReceived + configuration.silenceLimit || proofDue.map { now >= $0 } ?? false:
            state = .closed
            return [.dead]
        case .open where now >= nextPing:
            nextPing = now + configuration.pingInterval
            return [.send(writer.frame(.ping, []))]
        case .closing(let code, let until) where now >= until:
            state = .closed
            return [.closed(code)]
        case .open, .closing, .closed:
            return []
        }
    }

    private var isClosed: Bool {
        if case .closed = state { true } else { false }
    }

    private mutating func handle(_ event: FrameReader.Event) -> [Output] {
        switch (event, state) {
        case (.message(let message), .open):
            return [.message(message)]
        case (.ping(let payload), .open), (.ping(let payload), .closing):
            return [.send(writer.frame(.pong, payload))]
        case (.close(let code), .open):
            state = .closed
            return [.send(closeFrame(code, reason: "")), .closed(code)]
        case (.close(let code), .closing):
            state = .closed
            return [.closed(code)]
        case (.message, _), (.ping, _), (.pong, _), (.close, .closed):
            return []
        }
    }

    /// Fails the connection, §7.1.7.
    private mutating func fail(_ failure: FrameReader.Failure) -> [Output] {
        defer { state = .closed }
        return switch state {
        case .open: [.send(closeFrame(failure.closeCode, reason: "")), .closed(failure.closeCode)]
        case .closing, .closed: [.closed(failure.closeCode)]
        }
    }

    private mutating func closeFrame(_ code: CloseCode, reason: String) -> [UInt8] {
        var payload = ByteWriter(capacity: 2)
        if code != .noStatus {
            payload.write(code.rawValue)
            var length = 0
            payload.write(
                String(
                    reason.prefix { character in
                        length += character.utf8.count
                        return length <= 123
                    }))
        }
        return writer.frame(.close, payload.bytes)
    }
}
