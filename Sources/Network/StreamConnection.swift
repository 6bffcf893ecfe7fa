import Crypto
import Dispatch
import Glibc
import Wire

/// What happens on a ``StreamConnection``; each runs on its executor.
package struct StreamCallbacks {
    package var onReceive: (Span<UInt8>) -> Void
    /// Everything that waited has been handed to the system.
    package var onDrained: () -> Void
    /// The peer will send no more; it may still read.
    package var onEnd: () -> Void
    /// The connection is gone, with the failure if it was one; called exactly once, but not for ``StreamConnection/cancel()``.
    package var onClosed: (StreamFailure?) -> Void

    package init(
        onReceive: @escaping (Span<UInt8>) -> Void, onDrained: @escaping () -> Void, onEnd: @escaping () -> Void,
        onClosed: @escaping (StreamFailure?) -> Void
    ) {
        self.onReceive = onReceive
        self.onDrained = onDrained
        self.onEnd = onEnd
        self.onClosed = onClosed
    }
}

package enum StreamFailure: Error, Hashable, Sendable {
    case system(SystemError)
    case tls(TLSFailure)
    /// More was to be sent while the write queue was over its limit.
    case overflowed
}

/// A connected TCP socket, in the clear or through TLS, with a bounded write queue.
///
/// Owned and used on its executor only. What is sent before a TLS handshake is over waits for it. No callback runs inside a
/// call of the owner's.
package final class StreamConnection {
    /// How often the socket is read before others on the queue get their turn.
    private static let burst = 8

    private enum Phase {
        case open
        /// The owner has said its last word, which may still wait to be sent.
        case finishing
        /// About to close.
        case ending
        case closed
    }

    private let executor: QueueExecutor
    private let descriptor: FileDescriptor
    private let queueLimit: Int
    private let callbacks: StreamCallbacks
    private var watch: SocketPoller.Watch?
    private var tls: TLSLayer?
    private var queue = WriteQueue()
    private var phase = Phase.open
    private var isPaused = false
    private var peerHasEnded = false
    private var endTimer: DeadlineTimer?

    package init(
        _ socket: ConnectedSocket, tls session: consuming TLSSession? = nil, queueLimit: Int,
        on executor: QueueExecutor, callbacks: StreamCallbacks
    ) {
        let descriptor = socket.descriptor
        self.executor = executor
        self.descriptor = descriptor
        self.queueLimit = queueLimit
        self.callbacks = callbacks
        tls = TLSLayer(session)
        do {
            let poller = try executor.poller()
            watch = try SocketPoller.Watch(descriptor, for: .reading, on: poller) { [weak self] readiness in
                self?.ready(readiness, poller)
            }
        } catch {
            end(.system(error))
        }
        sendTLSOutput()
    }

    deinit {
        guard let watch else { return }
        if executor.isCurrent {
            watch.cancel()
        } else {
            nonisolated(unsafe) let watch = watch
            executor.async { watch.cancel() }
        }
    }

    /// Bytes that wait to be sent.
    package var pendingCount: Int { queue.count }

    /// Sends, or queues what the system does not take now; over the limit the connection ends. Nothing after ``finish()``.
    package func send(_ bytes: Span<UInt8>) {
        guard phase == .open else { return }
        guard queue.count <= queueLimit else {
            end(.overflowed)
            return
        }
        guard let tls else {
            write(bytes)
            return
        }
        do {
            try tls.session.write(bytes)
            sendTLSOutput()
        } catch {
            end(.tls(error))
        }
    }

    /// Sends what waits, then tells the peer that no more comes; closed once the peer has ended as well.
    package func finish() {
        guard phase == .open else { return }
        tls?.session.shutdown()
        sendTLSOutput()
        phase = .finishing
        resumeReading()
        if queue.isEmpty { endWriting() }
    }

    /// Ends the connection now, without a callback.
    package func cancel() {
        release()
    }

    package func pauseReading() {
        guard !isPaused, !peerHasEnded, phase == .open else { return }
        isPaused = true
        watch?.interest.remove(.reading)
    }

    package func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        watch?.interest.insert(.reading)
    }

    private func release() {
        guard phase != .closed else { return }
        phase = .closed
        watch?.cancel()
        watch = nil
        endTimer = nil
    }

    private func close(_ failure: StreamFailure?) {
        guard phase != .closed else { return }
        release()
        callbacks.onClosed(failure)
    }

    /// Closes as soon as the owner's present call is over.
    private func end(_ failure: StreamFailure?) {
        guard phase == .open || phase == .finishing else { return }
        phase = .ending
        endTimer = DeadlineTimer(on: executor) { [weak self] in self?.close(failure) }
        endTimer?.deadline = MonotonicClock.now
    }
}

extension StreamConnection {
    private func ready(_ readiness: SocketPoller.Readiness, _ poller: SocketPoller) {
        if readiness.isWritable { writable() }
        if readiness.isReadable {
            read(poller)
        } else if readiness.isDead {
            died()
        }
    }

    private func read(_ poller: SocketPoller) {
        for _ in 0..<Self.burst where !isPaused && !peerHasEnded {
            guard phase == .open || phase == .finishing else { return }
            let count = poller.buffer.withUnsafeMutableBytes { recv(descriptor.raw, $0.baseAddress, $0.count, 0) }
            if count > 0 {
                if phase == .open { received(poller.buffer.span.extracting(0..<count)) }
                guard count == poller.buffer.count else { return }
            } else if count == 0 {
                peerEnded()
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                close(.system(SystemError(call: .receive, code: errno)))
            }
        }
    }

    /// The socket can neither read nor write any more, and the system would not stop saying so.
    private func died() {
        watch?.cancel()
        watch = nil
        guard !peerHasEnded || !queue.isEmpty else { return }
        close(.system(SystemError(call: .receive, code: ECONNRESET)))
    }

    private func received(_ bytes: Span<UInt8>) {
        guard let tls else {
            callbacks.onReceive(bytes)
            return
        }
        do {
            try tls.session.receive(bytes)
        } catch {
            // The alert that says why is still due to the peer.
            sendTLSOutput()
            close(.tls(error))
            return
        }
        sendTLSOutput()
        let plaintext = tls.session.read()
        if !plaintext.isEmpty { callbacks.onReceive(plaintext.span) }
        if tls.session.isClosedByPeer { peerEnded() }
    }

    private func peerEnded() {
        guard phase == .open || phase == .finishing, !peerHasEnded else { return }
        isPaused = false
        peerHasEnded = true
        watch?.interest.remove(.reading)
        if phase == .open {
            callbacks.onEnd()
        } else if queue.isEmpty {
            close(nil)
        }
    }
}

extension StreamConnection {
    private func sendTLSOutput() {
        guard let output = tls?.session.takeOutput(), !output.isEmpty else { return }
        write(output.span)
    }

    private func write(_ bytes: Span<UInt8>) {
        guard queue.isEmpty else {
            queue.append(bytes)
            return
        }
        let sent = transmit(bytes)
        guard sent < bytes.count, phase != .ending else { return }
        queue.append(bytes.extracting(sent..<bytes.count))
        watch?.interest.insert(.writing)
    }

    /// How many bytes the system took.
    private func transmit(_ bytes: Span<UInt8>) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.extracting(sent..<bytes.count).withUnsafeBytes {
                Glibc.send(descriptor.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if errno == EAGAIN {
                break
            } else if errno != EINTR {
                end(.system(SystemError(call: .send, code: errno)))
                break
            }
        }
        return sent
    }

    private func writable() {
        let sent = queue.withPending { transmit($0) }
        queue.removeFirst(sent)
        guard queue.isEmpty, phase == .open || phase == .finishing else { return }
        watch?.interest.remove(.writing)
        if phase == .finishing { endWriting() } else { callbacks.onDrained() }
    }

    private func endWriting() {
        shutdown(descriptor.raw, Int32(SHUT_WR))
        if peerHasEnded { end(nil) }
    }
}

/// A ``TLSSession`` in a place of its own, so that it can be absent.
private final class TLSLayer {
    var session: TLSSession

    init?(_ session: consuming TLSSession?) {
        guard let session else { return nil }
        self.session = session
    }
}
