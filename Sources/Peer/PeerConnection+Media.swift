import Crypto
import ICE
import Media
import Wire

extension PeerConnection {
    /// Sends one encoded frame that covers `samples` ticks of the codec's clock.
    ///
    /// While unable to send, or when the payload is empty (discontinuous transmission) or does not fit a datagram,
    /// only the RTP timestamp moves on. While a key is held, the key is sent instead. Nothing is allocated.
    package mutating func sendAudio(
        _ payload: Span<UInt8>, samples: UInt32, level: AudioLevel? = nil, at now: Instant,
        transmit: (_ datagram: Span<UInt8>, _ local: Endpoint, _ remote: Endpoint) -> Void
    ) {
        guard state == .connected, let negotiated, negotiated.sends, let path = agent.path,
            !payload.isEmpty || stream?.isSendingKey == true
        else {
            stream?.pause(samples: samples)
            return
        }
        var packet = exchange(&self.packet, with: [])
        defer { self.packet = packet }
        var buffer = packet.mutableSpan
        let plain = stream?.write(
            payload, negotiated, samples: samples, level: level, at: now, into: &buffer,
            limit: Self.maximumPacketLength)
        guard let plain else {
            stream?.pause(samples: samples)
            return
        }
        guard let count = transport?.protectRTP(&buffer, count: plain) else { return }
        if let number = stream?.lastSequenceNumber {
            sentPackets?.store(buffer.span.extracting(0..<count), sequenceNumber: number)
        }
        transmit(buffer.span.extracting(0..<count), path.local, path.remote)
    }

    /// Lets time pass in which nothing could be said: the RTP timestamp moves on as it does (RFC 3550 §5.1).
    package mutating func pauseAudio(for duration: Duration) {
        guard let rate = negotiated?.codec.clockRate else { return }
        stream?.pause(samples: UInt32(truncatingIfNeeded: duration.nanoseconds / 1_000_000 * Int64(rate) / 1_000))
    }

    /// Asked once for each report or change, not for each packet.
    mutating func followLoss() {
        expectedLoss = negotiated?.redundancyPayloadType == nil ? stream?.expectedLoss.percent ?? 0 : 0
    }

    /// What a datagram holds beside the longest authentication tag.
    private static var maximumPacketLength: Int { maximumDatagramLength - 16 }

    /// Presses a key for a while, in place of the sound, and says how long that and the pause after it take, together with the keys
    /// before it; nil where the peer takes no telephone-events, or no sound.
    package mutating func sendKey(_ key: Character, for duration: Duration) -> Duration? {
        guard state == .connected, let negotiated, negotiated.sends, negotiated.telephoneEventPayloadType != nil,
            let code = TelephoneKey.code(of: key), stream != nil
        else { return nil }
        let packetTime = negotiated.wishes.packetTime
        let samples = UInt32(negotiated.codec.clockRate * packetTime / 1_000)
        let packets = stream?.sendKey(code, for: duration, samples: samples)
        // The first one is not due before the sound is that has begun to be gathered.
        return packets.map { .milliseconds(packetTime * ($0 + 1)) }
    }

    /// Plays the next frame of what was received, whose first sample is due now; silence while there is nothing. Nothing is
    /// allocated.
    package mutating func playAudio<Decoder: SpeechDecoder & ~Copyable>(
        into frame: inout MutableSpan<Int16>, with decoder: inout Decoder, at now: Instant
    ) {
        guard let negotiated, negotiated.receives, stream != nil else { return frame.update(repeating: 0) }
        stream?.play(into: &frame, with: &decoder, at: now)
    }

    /// Media before the keys, not authentic or of a foreign payload type is dropped and counted.
    mutating func receiveRTP(_ datagram: inout MutableSpan<UInt8>, on path: Path, at now: Instant) -> [Output] {
        guard let negotiated, !isPlain || mayCarrySound(path), let count = transport?.unprotectRTP(&datagram),
            let reception = stream?.receive(datagram.span.extracting(0..<count), negotiated, at: now),
            reception != .useless
        else {
            packetsDropped += 1
            return []
        }
        var outputs = follow(path, at: now)
        if case .key(let key) = reception {
            outputs.append(.keyPressed(key))
        } else if let request = stream?.lossRequest(negotiated, roundTrip: agent.roundTripTime, at: now) {
            outputs += sendReports(request)
        }
        return outputs
    }

    mutating func receiveRTCP(_ datagram: inout MutableSpan<UInt8>, on path: Path, at now: Instant) -> [Output] {
        guard !isPlain || mayReport(path), let count = transport?.unprotectRTCP(&datagram) else {
            packetsDropped += 1
            return []
        }
        followReports(to: path.remote)
        let missing = stream?.receiveReports(datagram.span.extracting(0..<count), at: now) ?? []
        followLoss()
        return retransmit(missing)
    }

    /// The packets go as they went, so the peer sees no replay.
    private mutating func retransmit(_ missing: [UInt16]) -> [Output] {
        guard state == .connected, let path = agent.path else { return [] }
        return missing.prefix(Self.maximumRetransmissions).compactMap { number in
            sentPackets?.packet(number).map { .transmit($0, from: path.local, to: path.remote) }
        }
    }

    private static var maximumRetransmissions: Int { 16 }

    mutating func reportIfDue(at now: Instant) -> [Output] {
        let report = stream?.dueReport(at: now)
        let outputs = report.map { sendReports($0) } ?? []
        guard report == nil || !isDeserted(at: now) else { return outputs + fail(.consentLost) }
        guard stream?.takeEnd(at: now) == true, negotiated?.receives == true else { return outputs }
        return outputs + endByPeer()
    }

    mutating func sendReports(_ compound: [UInt8]) -> [Output] {
        guard state == .connected, let path = agent.path else { return [] }
        var bytes = compound + [UInt8](repeating: 0, count: SRTPSession.trailerRoom)
        var buffer = bytes.mutableSpan
        guard let count = transport?.protectRTCP(&buffer, count: compound.count) else { return [] }
        return [.transmit(Array(bytes[..<count]), from: path.local, to: reportAddress ?? path.remote)]
    }
}
