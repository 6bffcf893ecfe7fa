import Media
import Wire

/// The RTP and RTCP of one audio section: what is sent, what is received, and the reports on both (RFC 3550).
struct AudioStream: Sendable {
    private var sender: RTPSender
    private var receiver: RTPReceiver
    private var playout: Playout
    private var schedule: RTCPSchedule?
    private let cname: String
    private var packetsAtLastReport: UInt32 = 0
    private var bytesSent: UInt64 = 0
    private var packetsSent: UInt64 = 0
    private var packetsReceived: UInt64 = 0
    private var bytesReceived: UInt64 = 0
    private var remotePacketsLost: Int64?
    private var roundTripTime: Duration?
    private(set) var expectedLoss = ExpectedLoss()

    init(codec: Codec, cname: String, randomness: inout Randomness) {
        let format = codec.payloadFormat
        sender = RTPSender(clockRate: format.clockRate, randomness: &randomness)
        receiver = RTPReceiver(clockRate: format.clockRate)
        playout = Playout(format: format)
        self.cname = cname
    }

    var ssrc: UInt32 { sender.ssrc }

    /// When the next report is due; nil before reports are scheduled.
    var deadline: Instant? { schedule?.deadline }

    mutating func scheduleReports(from now: Instant, randomness: Randomness) {
        schedule = RTCPSchedule(startingAt: now, randomness: randomness)
    }

    /// Puts the header in front of a payload of that length, and gives the length of the packet.
    mutating func writeHeader(
        _ audio: NegotiatedAudio, payloadLength: Int, samples: UInt32, at now: Instant,
        into packet: inout MutableSpan<UInt8>
    ) -> Int {
        packetsSent += 1
        bytesSent += UInt64(payloadLength)
        return sender.writeHeader(
            payloadType: audio.payloadType, payloadLength: payloadLength, samples: samples, at: now, into: &packet)
    }

    mutating func pause(samples: UInt32) { sender.pause(samples: samples) }

    /// Takes in a plain RTP packet; false if it is of no use: held back, malformed, or of a payload type nobody
    /// agreed on.
    mutating func receive(_ bytes: Span<UInt8>, _ audio: NegotiatedAudio, at now: Instant) -> Bool {
        guard audio.receives, let packet = try? RTPPacket(parsing: bytes) else { return false }
        switch packet.header.payloadType {
        case audio.payloadType:
            packetsReceived += 1
            bytesReceived += UInt64(packet.payload.count)
            return receiver.receive(packet.header, at: now) != .duplicate
                && playout.insert(packet.header, payload: bytes.extracting(packet.payload), at: now) != .malformed
        case audio.telephoneEventPayloadType:
            packetsReceived += 1
            bytesReceived += UInt64(packet.payload.count)
            playout.skip(packet.header, at: now)
            return receiver.receive(packet.header, at: now) != .duplicate
        default: return false
        }
    }

    mutating func play<Decoder: SpeechDecoder & ~Copyable>(
        into frame: inout MutableSpan<Int16>, with decoder: inout Decoder, at now: Instant
    ) {
        playout.play(into: &frame, with: &decoder, at: now)
    }

    mutating func forgetReceivedAudio() { playout.reset() }

    /// Takes in a plain compound of reports; true if the peer says goodbye in it.
    mutating func receiveReports(_ bytes: Span<UInt8>, at now: Instant) -> Bool {
        guard let packets = try? RTCPCompound.parse(bytes) else { return false }
        var isGoodbye = false
        for packet in packets {
            switch packet {
            case .senderReport(let ssrc, let info, let blocks):
                receiver.receive(info, from: ssrc, at: now)
                note(blocks, at: now)
            case .receiverReport(_, let blocks): note(blocks, at: now)
            case .goodbye(let sources): isGoodbye = receiver.ssrc.map(sources.contains) ?? true
            case .sourceDescription, .other: continue
            }
        }
        return isGoodbye
    }

    private mutating func note(_ blocks: [ReportBlock], at now: Instant) {
        for block in blocks where block.ssrc == sender.ssrc {
            remotePacketsLost = Int64(block.cumulativeLost)
            expectedLoss.note(fractionLost: block.fractionLost)
            roundTripTime = block.roundTrip(at: now) ?? roundTripTime
        }
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
        let name = RTCPPacket.sourceDescription([SourceDescription(ssrc: sender.ssrc, cname: cname)])
        return RTCPCompound.write([first, name] + (isLast ? [.goodbye([sender.ssrc])] : []))
    }

    func fill(_ statistics: inout Statistics) {
        let received = receiver.statistics
        statistics.packetsSent = packetsSent
        statistics.bytesSent = bytesSent
        statistics.packetsReceived = packetsReceived
        statistics.bytesReceived = bytesReceived
        statistics.packetsLost = received.packetsLost
        statistics.remotePacketsLost = remotePacketsLost
        statistics.jitter = received.jitter
        statistics.playout = playout.statistics
        statistics.roundTripTime = roundTripTime ?? statistics.roundTripTime
    }
}
