import Audio
import Media
import Wire

extension Target {
    static let media = [
        Target(name: "rtp", seeds: { [rtpSeed] }, check: checkRTP),
        Target(name: "rtcp", seeds: { rtcpSeeds }, check: checkRTCP),
        Target(
            name: "payload", seeds: { [[0, 3, 0x78, 1, 2, 0, 2, 9, 9], [1, 2, 0xFF, 0x7F]] }, check: checkPayload),
    ]

    /// Packets of a length before each; the time a packet of no bytes takes is played.
    private static func checkRTP(_ bytes: [UInt8]) {
        var fodder = Fodder(bytes)
        let format = [PayloadFormat.opus, .pcmu, .pcma, .g722][Int(fodder.byte()) % 4]
        let step = format.clockRate / 50
        var receiver = RTPReceiver(clockRate: format.clockRate)
        var buffer = JitterBuffer(format: format)
        var now = Instant(nanoseconds: 0)
        while !fodder.isEmpty {
            let datagram = fodder.piece()
            if datagram.isEmpty {
                now = now + .milliseconds(20)
                playStep(&buffer, step)
                _ = receiver.reportBlock(at: now)
            } else if let packet = try? RTPPacket(parsing: datagram.span) {
                expect(packet.payload.upperBound <= datagram.count, "a payload lies in its packet")
                if packet.header.payloadType == 101 { buffer.skip(packet.header) }
                _ = receiver.receive(packet.header, at: now)
                _ = buffer.insert(packet.header, payload: datagram.span.extracting(packet.payload))
            }
        }
        // Played to its end, a stream that stopped becomes silence.
        for _ in 0..<1_000 { playStep(&buffer, step) }
        expect(buffer.next { _ in } == .empty, "a stream that stopped ends")
    }

    /// What a player does in 20 ms.
    private static func playStep(_ buffer: inout JitterBuffer, _ step: UInt32) {
        var filled: UInt32 = 0
        var calls = 0
        while filled < step {
            calls += 1
            expect(calls < 400, "a step is filled at last")
            switch buffer.next({ _ in }) {
            case .frame: filled += step / 160
            case .missing(let samples), .pause(let samples):
                expect(samples > 0, "what is missing lasts")
                filled += samples
            case .empty: return
            }
        }
    }

    private static func checkRTCP(_ bytes: [UInt8]) {
        guard let packets = try? RTCPCompound.parse(bytes.span) else { return }
        let known = packets.filter { packet in
            if case .other = packet { false } else { true }
        }
        guard !known.isEmpty else { return }
        let written = RTCPCompound.write(known)
        expectStable(known, written) { try RTCPCompound.parse(written.span) }
        var receiver = RTPReceiver(clockRate: 8_000)
        let now = Instant(nanoseconds: 1_000_000_000)
        for case .senderReport(let ssrc, let info, let blocks) in known {
            receiver.receive(info, from: ssrc, at: now)
            for block in blocks { _ = block.roundTrip(at: now) }
        }
    }

    /// Payloads of a length before each for one decoder, as a peer that holds the keys might send them.
    private static func checkPayload(_ bytes: [UInt8]) {
        var fodder = Fodder(bytes)
        let codec = [AudioCodec.opus(OpusSettings()), .g711(.aLaw), .g711(.muLaw), .g722][Int(fodder.byte()) % 4]
        var decoder = AudioDecoder(codec)
        var samples = [Int16](repeating: 0, count: AudioDecoder.maximumSamples)
        for _ in 0..<32 where !fodder.isEmpty {
            let payload = fodder.piece()
            var room = samples.mutableSpan
            let count =
                switch payload.first.map({ $0 & 3 }) {
                case 1: decoder.recover(AudioFormat.samplesPerFrame, from: payload.span, into: &room)
                case nil: decoder.conceal(AudioFormat.samplesPerFrame, into: &room)
                default: decoder.decode(payload.span, into: &room)
                }
            expect((0...AudioDecoder.maximumSamples).contains(count), "what is decoded has room")
        }
    }

    private static let rtpSeed: [UInt8] = {
        var randomness = Randomness.seeded(1)
        var sender = RTPSender(clockRate: 48_000, randomness: &randomness)
        var bytes: [UInt8] = [0]
        for _ in 0..<6 {
            var packet = [UInt8](repeating: 0x78, count: 16)
            var span = packet.mutableSpan
            let length = sender.writeHeader(
                payloadType: 111, payloadLength: 4, samples: 960, at: Instant(nanoseconds: 0), into: &span)
            bytes += [UInt8(length)] + packet + [0]
        }
        return bytes
    }()

    private static let rtcpSeeds: [[UInt8]] = {
        let block = ReportBlock(
            ssrc: 2, fractionLost: 3, cumulativeLost: -4, highestSequenceNumber: 5, jitter: 6, lastSenderReport: 7,
            delaySinceLastSenderReport: 8)
        let info = SenderInfo(ntp: NTPTimestamp(bits: 9), rtpTimestamp: 10, packetCount: 11, octetCount: 12)
        let name = RTCPPacket.sourceDescription([SourceDescription(ssrc: 1, cname: "c")])
        return [
            RTCPCompound.write([.senderReport(ssrc: 1, info, [block]), name]),
            RTCPCompound.write([.receiverReport(ssrc: 1, [block, block]), name, .goodbye([1, 2])]),
        ]
    }()
}
