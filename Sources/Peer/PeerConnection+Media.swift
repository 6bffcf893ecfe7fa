import Crypto
import ICE
import Media
import Wire

extension PeerConnection {
    /// Sends one encoded frame that covers `samples` ticks of the codec's clock.
    ///
    /// While unable to send, or when the payload is empty (discontinuous transmission) or does not fit a datagram,
    /// only the RTP timestamp moves on. Nothing is allocated.
    package mutating func sendAudio(
        _ payload: Span<UInt8>, samples: UInt32, at now: Instant,
        transmit: (_ datagram: Span<UInt8>, _ local: Endpoint, _ remote: Endpoint) -> Void
    ) {
        guard state == .connected, let negotiated, negotiated.sends, let path = agent?.selected, !payload.isEmpty,
            payload.count <= Self.maximumPayloadLength
        else {
            stream?.pause(samples: samples)
            return
        }
        var packet = exchange(&self.packet, with: [])
        defer { self.packet = packet }
        var buffer = packet.mutableSpan
        for index in payload.indices { buffer[RTPHeader.length + index] = payload[index] }
        let plain = stream?.writeHeader(
            negotiated, payloadLength: payload.count, samples: samples, at: now, into: &buffer)
        guard let plain, let count = transport?.protectRTP(&buffer, count: plain) else { return }
        transmit(buffer.span.extracting(0..<count), path.local, path.remote)
    }

    /// How much of what is sent the peer is to be expected to lose, in percent; 0 while redundancy is not worth it.
    package var expectedLoss: Int { stream?.expectedLoss.percent ?? 0 }

    /// What a datagram holds beside the header and the longest authentication tag.
    private static var maximumPayloadLength: Int { maximumDatagramLength - RTPHeader.length - 16 }

    /// Plays the next frame of what was received, whose first sample is due now; silence while there is nothing. Nothing is
    /// allocated.
    package mutating func playAudio<Decoder: SpeechDecoder & ~Copyable>(
        into frame: inout MutableSpan<Int16>, with decoder: inout Decoder, at now: Instant
    ) {
        guard let negotiated, negotiated.receives, stream != nil else { return frame.update(repeating: 0) }
        stream?.play(into: &frame, with: &decoder, at: now)
    }

    /// Media before the keys, not authentic or of a foreign payload type is dropped and counted.
    mutating func receiveRTP(_ datagram: inout MutableSpan<UInt8>, at now: Instant) {
        guard let negotiated, let count = transport?.unprotectRTP(&datagram),
            stream?.receive(datagram.span.extracting(0..<count), negotiated, at: now) == true
        else {
            packetsDropped += 1
            return
        }
    }

    mutating func receiveRTCP(_ datagram: inout MutableSpan<UInt8>, at now: Instant) -> [Output] {
        guard let count = transport?.unprotectRTCP(&datagram) else {
            packetsDropped += 1
            return []
        }
        let isGoodbye = stream?.receiveReports(datagram.span.extracting(0..<count), at: now) == true
        return isGoodbye ? endByPeer() : []
    }

    mutating func reportIfDue(at now: Instant) -> [Output] {
        guard let report = stream?.dueReport(at: now) else { return [] }
        return sendReports(report)
    }

    mutating func sendReports(_ compound: [UInt8]) -> [Output] {
        guard state == .connected, let path = agent?.selected else { return [] }
        var bytes = compound + [UInt8](repeating: 0, count: SRTPSession.trailerRoom)
        var buffer = bytes.mutableSpan
        guard let count = transport?.protectRTCP(&buffer, count: compound.count) else { return [] }
        return [.transmit(Array(bytes[..<count]), from: path.local, to: path.remote)]
    }
}
