import HTTP
import HTTPTypes
import Logging

/// A response in pieces.
extension HTTPConnection {
    struct OpenStream {
        let outbox: StreamOutbox
        let framing: ResponseWriter.StreamFraming
        let onClose: @Sendable (ResponseStream.End) -> Void
    }

    /// Answers the request in hand with a head, and pieces of a body later.
    func beginStream(
        _ response: HTTPResponse, outbox: StreamOutbox, onClose: @escaping @Sendable (ResponseStream.End) -> Void
    ) {
        guard phase == .answering, let request else {
            outbox.close()
            onClose(.disconnected)
            return
        }
        let keepsAlive = request.keepsAlive && !isStopping && !peerHasEnded
        let framing = ResponseWriter.StreamFraming(
            response.status, to: request.head.method, minorVersion: request.minorVersion)
        ResponseWriter.append(
            headOf: response, framing: framing, keepsAlive: keepsAlive, date: dates.now(), into: &output)
        phase = .streaming
        stream = OpenStream(outbox: outbox, framing: framing, onClose: onClose)
        if !framing.hasBody { return endStream(.finished) }
        if isStopping { return endStream(.serverStopping) }
        if peerHasEnded { return streamDisconnected() }
        flush()
        updateDeadline()
    }

    /// Sends what other threads have put into the outbox.
    func sendStream(_ outbox: StreamOutbox) {
        guard let stream, stream.outbox === outbox else { return }
        ResponseWriter.append(piece: outbox.takeAll(), framing: stream.framing, into: &output)
        guard unsentCount <= limits.streamQueue else { return streamOverflowed(outbox) }
        flush()
    }

    func whenStreamDrained(_ outbox: StreamOutbox, _ action: @escaping @Sendable () -> Void) {
        if stream?.outbox === outbox { whenDrained(action) }
    }

    func streamOverflowed(_ outbox: StreamOutbox) {
        guard stream?.outbox === outbox else { return }
        logger.notice("a client reads a stream too slowly and is cut off")
        closeStream(.tooSlow)
        cut()
    }

    func finishStream(_ outbox: StreamOutbox) {
        guard stream?.outbox === outbox else { return }
        endStream(.finished)
    }

    /// Ends the body in good order.
    func endStream(_ end: ResponseStream.End) {
        guard let stream, let request else { return }
        ResponseWriter.append(piece: stream.outbox.takeAll(), framing: stream.framing, into: &output)
        ResponseWriter.append(endOf: stream.framing, into: &output)
        closeStream(end)
        answered(keepsAlive: request.keepsAlive && !isStopping && !peerHasEnded && stream.framing != .untilClose)
    }

    func streamDisconnected() {
        closeStream(.disconnected)
        cut()
    }

    /// Says that the stream is over, once.
    func closeStream(_ end: ResponseStream.End) {
        guard let closed = stream else { return }
        stream = nil
        dropDrainActions()
        closed.outbox.close()
        closed.onClose(end)
    }
}
