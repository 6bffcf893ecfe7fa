import Media
import Wire

/// The RTP and RTCP of one audio section: what is sent, what is received, and the reports on both (RFC 3550).
struct AudioStream: Sendable {
    private var sender: RTPSender
    private var receiver: RTPReceiver
    private var playout: Playout
    private var schedule: RTCPSchedule?
    private let cname: String
    private var redundancy = RedundancySender()
    /// The key that is being sent and those after it, and the timestamp of the first one's beginning.
    private var keys: [TelephoneEventSender] = []
    private var keyStart: UInt32 = 0
    private var events = TelephoneEventReceiver()
    private var lossRequests = LossRequests()
    private var packetsAtLastReport: UInt32 = 0
    private var bytesSent: UInt64 = 0
    private var packetsSent: UInt64 = 0
    private var packetsReceived: UInt64 = 0
    private var bytesReceived: UInt64 = 0
    private var packetsRecovered: UInt64 = 0
    private var remoteLevel: AudioLevel?
    private var lastRemoteReport: ReportBlock?
    private(set) var expectedLoss = ExpectedLoss()
    private var roundTripTime: Duration?
    private var clockRate: UInt32
    /// What was agreed on before, whose packets may still be under way.
    private var former: NegotiatedAudio?
    /// What the peer lost of our sources before this one.
    private var pastRemoteLost: Int64?
    /// The sources the peer has ended, and when that is its end.
    private var farewell: (sources: [UInt32], endsAt: Instant)?
    private var attendance = Attendance()
    /// When all the keys that have come could have been pressed.
    private var keysEndAt = Instant(nanoseconds: 0)

    init(codec: Codec, cname: String, randomness: inout Randomness) {
        self.init(codec: codec, cname: cname, source: RTPSender(codec, randomness: &randomness))
    }

    init(codec: Codec, cname: String, source: RTPSender) {
        let format = codec.payloadFormat
        clockRate = format.clockRate
        sender = source
        receiver = RTPReceiver(clockRate: format.clockRate)
        playout = Playout(format: format)
        self.cname = cname
    }

    var ssrc: UInt32 { sender.ssrc }

    /// When the next report is due, or the peer's silence after its BYE has lasted long enough.
    var deadline: Instant? { earliest(schedule?.deadline, farewell?.endsAt) }

    mutating func scheduleReports(from now: Instant, randomness: Randomness) {
        schedule = RTCPSchedule(startingAt: now, randomness: randomness)
    }
}

/// Changes of what is agreed on.
extension AudioStream {
    /// The peer is spoken to, and may speak, in another way; what it has said before is heard to its end.
    ///
    /// A codec whose clock has another rate has a source of its own (RFC 7160 §4.1). Deviation: the one before gets no BYE, as
    /// there are peers that take it for the end of all sound.
    mutating func change(to codec: Codec, from former: NegotiatedAudio, as source: RTPSender?) {
        self.former = former
        redundancy.forget()
        if let source { speak(codec, as: source) }
        if codec != former.codec { playout.change(to: codec.payloadFormat, isSamePath: true) }
    }

    /// Another peer takes the place of the one before; the counters go on.
    mutating func change(to codec: Codec, ofAnotherPeerAs source: RTPSender) {
        former = nil
        redundancy.forget()
        speak(codec, as: source)
        receiver.forget()
        receiver.use(clockRate: codec.payloadFormat.clockRate)
        playout.change(to: codec.payloadFormat, isSamePath: false)
        lossRequests = LossRequests()
        events = TelephoneEventReceiver()
        expectedLoss = ExpectedLoss()
        attendance = Attendance()
        (roundTripTime, remoteLevel, farewell) = (nil, nil, nil)
    }

    private mutating func speak(_ codec: Codec, as source: RTPSender) {
        if let lastRemoteReport { pastRemoteLost = (pastRemoteLost ?? 0) + Int64(lastRemoteReport.cumulativeLost) }
        (sender, clockRate) = (source, codec.payloadFormat.clockRate)
        (keys, lastRemoteReport, packetsAtLastReport) = ([], nil, 0)
    }
}

extension RTPSender {
    init(_ codec: Codec, ssrc: UInt32? = nil, randomness: inout Randomness) {
        self.init(clockRate: codec.payloadFormat.clockRate, ssrc: ssrc, randomness: &randomness)
    }
}

/// What is sent.
extension AudioStream {
    /// Writes a packet with that payload and gives its length; nil when it is too long.
    ///
    /// While a key is held, the packet tells of the key instead (RFC 4733 §2.5.1.1).
    mutating func write(
        _ payload: Span<UInt8>, _ audio: NegotiatedAudio, samples: UInt32, level: AudioLevel?, at now: Instant,
        into packet: inout MutableSpan<UInt8>, limit: Int
    ) -> Int? {
        if let length = writeKey(audio, samples: samples, into: &packet) { return length }
        guard !payload.isEmpty else { return nil }
        let levelElement = audio.audioLevelID.flatMap { id in level.map { (id: id, level: $0) } }
        let start = RTPSender.headerLength(hasAudioLevel: levelElement != nil)
        guard let length = place(payload, audio, into: &packet, from: start, limit: limit - start) else { return nil }
        packetsSent += 1
        bytesSent += UInt64(length)
        return sender.writeHeader(
            payloadType: audio.redundancyPayloadType ?? audio.payloadType, payloadLength: length, samples: samples,
            audioLevel: levelElement, at: now, into: &packet)
    }

    /// The payload, with those before it if both sides have agreed on that.
    private mutating func place(
        _ payload: Span<UInt8>, _ audio: NegotiatedAudio, into packet: inout MutableSpan<UInt8>, from start: Int,
        limit: Int
    ) -> Int? {
        if audio.redundancyPayloadType != nil {
            return redundancy.write(
                payload, payloadType: audio.payloadType, at: sender.timestamp, generations: generations, into: &packet,
                from: start, limit: limit)
        }
        guard payload.count <= limit else { return nil }
        packet.replace(from: start, with: payload)
        return payload.count
    }

    /// One packet in twenty is where two in a row begin to be lost often enough.
    private var generations: Int { expectedLoss.percent >= 5 ? 2 : 1 }

    /// The number of the packet that was written last.
    var lastSequenceNumber: UInt16 { sender.sequenceNumber &- 1 }

    var isSendingKey: Bool { !keys.isEmpty }

    /// Lets time pass without a packet.
    mutating func pause(samples: UInt32) { sender.pause(samples: samples) }

    /// As browsers leave it between keys; receivers want some 40 ms.
    private static let pauseAfterKey = Duration.milliseconds(70)

    /// Holds a key down for a while, beginning with the next packet or when the keys before are over; says after how many packets
    /// of that many samples this one and its pause are.
    mutating func sendKey(_ code: UInt8, for duration: Duration, samples: UInt32) -> Int {
        keys.append(TelephoneEventSender(code: code, length: ticks(in: duration), pause: ticks(in: Self.pauseAfterKey)))
        return keys.reduce(0) { $0 + $1.stepsLeft(of: samples) }
    }

    /// What has not been said of keys is not said later, when it may mean something else.
    mutating func forgetKeys() { keys = [] }

    private func ticks(in duration: Duration) -> UInt32 {
        UInt32(clamping: duration.nanoseconds * Int64(clockRate) / 1_000_000_000)
    }

    private mutating func writeKey(
        _ audio: NegotiatedAudio, samples: UInt32, into packet: inout MutableSpan<UInt8>
    ) -> Int? {
        guard !keys.isEmpty else { return nil }
        guard let payloadType = audio.telephoneEventPayloadType else {
            keys = []
            return nil
        }
        let next = keys[0].next(after: samples)
        if keys[0].isOver { keys.removeFirst() }
        guard let next else { return nil }
        if next.isFirst { keyStart = sender.timestamp }
        redundancy.forget()
        sender.pause(samples: samples)
        next.event.write(into: &packet, from: RTPHeader.length)
        packetsSent += 1
        bytesSent += UInt64(TelephoneEvent.length)
        return sender.writeEventHeader(payloadType: payloadType, start: keyStart, isFirst: next.isFirst, into: &packet)
    }
}

/// What is received.
extension AudioStream {
    enum Reception: Equatable {
        /// Held back, malformed, a duplicate, or of a payload type nobody agreed on.
        case useless
        case taken
        /// The peer presses a key.
        case key(Character)
    }

    /// Takes in a plain RTP packet.
    mutating func receive(_ bytes: Span<UInt8>, _ audio: NegotiatedAudio, at now: Instant) -> Reception {
        guard audio.receives, let packet = try? RTPPacket(parsing: bytes),
            let (spoken, content) = spoken(packet.header.payloadType, audio)
        else { return .useless }
        let payload = bytes.extracting(packet.payload)
        if farewell?.sources.contains(packet.header.ssrc) == false { farewell = nil }
        packetsReceived += 1
        bytesReceived += UInt64(payload.count)
        receiver.use(clockRate: spoken.codec.payloadFormat.clockRate)
        let arrival = receiver.receive(packet.header, at: now)
        let wasAskedFor = audio.hasNACK && lossRequests.receive(packet.header.sequenceNumber, arrival)
        guard arrival != .duplicate else { return .useless }
        if let id = audio.audioLevelID, let level = packet.audioLevel(id: id, in: bytes) { remoteLevel = level }
        guard spoken.codec == audio.codec || content == .key else {
            return takeFormer(packet.header, payload, spoken, content, at: now)
        }
        switch content {
        case .speech: return take(packet.header, payload, at: now)
        case .redundancy: return takeApart(packet.header, payload, spoken, wasAskedFor: wasAskedFor, at: now)
        case .key:
            playout.skip(packet.header, at: now)
            guard let key = events.receive(packet.header, payload) else { return .taken }
            return isPlausibleKey(at: now) ? .key(key) : .useless
        }
    }

    /// Under which agreement a packet was sent; nil when nobody agreed on its payload type.
    private func spoken(
        _ payloadType: UInt8, _ audio: NegotiatedAudio
    ) -> (NegotiatedAudio, NegotiatedAudio.Content)? {
        if let content = audio.content(of: payloadType) { return (audio, content) }
        guard let former, let content = former.content(of: payloadType) else { return nil }
        return (former, content)
    }

    /// A packet of the codec before: with what it repeats, if anything, left out.
    private mutating func takeFormer(
        _ header: RTPHeader, _ payload: Span<UInt8>, _ audio: NegotiatedAudio, _ content: NegotiatedAudio.Content,
        at now: Instant
    ) -> Reception {
        guard content == .redundancy else {
            _ = playout.insertFormer(header, payload: payload, at: now)
            return .taken
        }
        try? RedundantPayload.read(payload) { block in
            guard block.age == 0, audio.content(of: block.payloadType) == .speech else { return }
            _ = playout.insertFormer(header, payload: payload.extracting(block.payload), at: now)
        }
        return .taken
    }

    /// Nobody presses more than 25 keys a second; a network may hand over the keys of a second at once.
    private mutating func isPlausibleKey(at now: Instant) -> Bool {
        let end = max(keysEndAt, now) + .milliseconds(40)
        guard end <= now + .seconds(1) else { return false }
        keysEndAt = end
        return true
    }

    private mutating func take(_ header: RTPHeader, _ payload: Span<UInt8>, at now: Instant) -> Reception {
        playout.insert(header, payload: payload, at: now) == .malformed ? .useless : .taken
    }

    /// The packet's own payload first, which may begin the stream; then what it repeats, for the gaps.
    ///
    /// Where packets repeat one another, few are missed for long: those that were asked for are welcome, but sound does not wait
    /// longer for their sake.
    private mutating func takeApart(
        _ header: RTPHeader, _ payload: Span<UInt8>, _ audio: NegotiatedAudio, wasAskedFor: Bool, at now: Instant
    ) -> Reception {
        var reception = Reception.useless
        try? RedundantPayload.read(payload) { block in
            guard block.age == 0, audio.content(of: block.payloadType) == .speech else { return }
            let own = payload.extracting(block.payload)
            guard wasAskedFor else { return reception = take(header, own, at: now) }
            playout.insertRepeated(header, payload: own, isAwaited: false, at: now)
            reception = .taken
        }
        try? RedundantPayload.read(payload) { block in
            guard block.age > 0, audio.content(of: block.payloadType) == .speech else { return }
            var earlier = header
            earlier.sequenceNumber &-= block.age
            earlier.timestamp &-= block.offset
            if playout.insertRepeated(earlier, payload: payload.extracting(block.payload), at: now) {
                packetsRecovered += 1
            }
        }
        return reception
    }

    mutating func play<Decoder: SpeechDecoder & ~Copyable>(
        into frame: inout MutableSpan<Int16>, with decoder: inout Decoder, at now: Instant
    ) {
        playout.play(into: &frame, with: &decoder, at: now)
    }

    mutating func forgetReceivedAudio() { playout.reset() }

    /// What to ask the peer for once more, as a plain packet; nil when nothing is missing that would come in time.
    mutating func lossRequest(_ audio: NegotiatedAudio, roundTrip: Duration?, at now: Instant) -> [UInt8]? {
        guard audio.hasNACK, !lossRequests.isEmpty, let media = receiver.ssrc else { return nil }
        let playout = playout
        let missing = lossRequests.due(at: now, roundTrip: roundTripTime ?? roundTrip) {
            playout.timeLeft(for: $0, at: now)
        }
        guard !missing.isEmpty else { return nil }
        let nack = RTCPPacket.nack(
            NegativeAcknowledgement(sender: sender.ssrc, media: media, sequenceNumbers: missing))
        guard !audio.isReducedSize else { return RTCPCompound.write([nack]) }
        return RTCPCompound.write([.receiverReport(ssrc: sender.ssrc, []), name, nack])
    }
}

/// The reports.
extension AudioStream {
    /// Who says BYE may go on as another source (RFC 3550 §6.6, §8.2).
    private static let patienceAfterGoodbye = Duration.seconds(1)

    /// Takes in a plain compound of reports, or feedback alone (RFC 5506), and gives the packets the peer would like to have
    /// once more.
    mutating func receiveReports(_ bytes: Span<UInt8>, at now: Instant) -> [UInt16] {
        guard let packets = try? RTCPCompound.parse(bytes) else { return [] }
        var missing: [UInt16] = []
        for packet in packets {
            switch packet {
            case .senderReport(let ssrc, let info, let blocks):
                attendance.report(from: ssrc, at: now)
                receiver.receive(info, from: ssrc, at: now)
                note(blocks, at: now)
            case .receiverReport(let ssrc, let blocks):
                attendance.report(from: ssrc, at: now)
                note(blocks, at: now)
            case .goodbye(let sources):
                attendance = Attendance()
                guard farewell == nil, receiver.ssrc.map(sources.contains) ?? true else { continue }
                farewell = (sources, now + Self.patienceAfterGoodbye)
            case .nack(let nack) where nack.media == sender.ssrc: missing += nack.sequenceNumbers
            case .sourceDescription, .nack, .other: continue
            }
        }
        return missing
    }

    private mutating func note(_ blocks: [ReportBlock], at now: Instant) {
        for block in blocks where block.ssrc == sender.ssrc {
            lastRemoteReport = block
            expectedLoss.note(fractionLost: block.fractionLost)
            roundTripTime = block.roundTrip(at: now) ?? roundTripTime
        }
    }

    /// Whether the peer has ended its stream and begun no other by now; true once.
    mutating func takeEnd(at now: Instant) -> Bool {
        guard let farewell, now >= farewell.endsAt else { return false }
        self.farewell = nil
        return true
    }

    /// The peer may be another one, of which nothing is known yet.
    mutating func forgetAttendance() { attendance = Attendance() }

    /// Whether the peer has vanished, if it is expected to be heard.
    mutating func isDeserted(isPeerExpected: Bool, at now: Instant) -> Bool {
        attendance.isOver(isExpected: isPeerExpected, source: receiver.ssrc, packets: packetsReceived, at: now)
    }

    /// The report that is due now, if one is.
    mutating func dueReport(at now: Instant) -> [UInt8]? {
        schedule?.isDue(at: now) == true ? report(at: now) : nil
    }

    /// The last report, with BYE (RFC 3550 §6.6).
    mutating func goodbye(at now: Instant) -> [UInt8] { report(at: now, isLast: true) }

    /// A sender report if anything was sent since the last one, else a receiver report (RFC 3550 §6.4).
    private mutating func report(at now: Instant, isLast: Bool = false) -> [UInt8] {
        let blocks = receiver.reportBlock(at: now).map { [$0] } ?? []
        let hasSent = sender.packetCount != packetsAtLastReport
        packetsAtLastReport = sender.packetCount
        let first =
            if hasSent, let info = sender.senderInfo(at: now) {
                RTCPPacket.senderReport(ssrc: sender.ssrc, info, blocks)
            } else {
                RTCPPacket.receiverReport(ssrc: sender.ssrc, blocks)
            }
        return RTCPCompound.write([first, name] + (isLast ? [.goodbye([sender.ssrc])] : []))
    }

    private var name: RTCPPacket { .sourceDescription([SourceDescription(ssrc: sender.ssrc, cname: cname)]) }

    func fill(_ statistics: inout Statistics) {
        let received = receiver.statistics
        statistics.packetsSent = packetsSent
        statistics.bytesSent = bytesSent
        statistics.packetsReceived = packetsReceived
        statistics.bytesReceived = bytesReceived
        statistics.packetsLost = received.packetsLost
        statistics.packetsRecovered = packetsRecovered
        statistics.jitter = received.jitter
        statistics.remoteLevel = remoteLevel
        statistics.playout = playout.statistics
        statistics.roundTripTime = roundTripTime ?? statistics.roundTripTime
        statistics.remotePacketsLost = pastRemoteLost
        guard let report = lastRemoteReport else { return }
        statistics.remotePacketsLost = (pastRemoteLost ?? 0) + Int64(report.cumulativeLost)
        statistics.remoteFractionLost = Double(report.fractionLost) / 256
        statistics.remoteJitter = .nanoseconds(Int64(report.jitter) * 1_000_000_000 / Int64(clockRate))
    }
}

extension NegotiatedAudio {
    fileprivate enum Content { case speech, redundancy, key }

    /// What a packet of the peer's holds; nil for what was not agreed on.
    @inline(__always)
    fileprivate func content(of payloadType: UInt8) -> Content? {
        switch payloadType {
        case offered?.codec: .speech
        case offered?.redundancy: .redundancy
        case offered?.telephoneEvent: .key
        case self.payloadType: .speech
        case redundancyPayloadType: .redundancy
        case telephoneEventPayloadType: .key
        default: nil
        }
    }
}
