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

    /// Packets of a length before each; one of no bytes lets a frame's time pass, which its payload type of none of ours
    /// makes longer or shorter.
    private static func checkRTP(_ bytes: [UInt8]) {
        var fodder = Fodder(bytes)
        let (format, codec) = [
            (PayloadFormat.opus, AudioCodec.opus(OpusSettings())), (.pcmu, .g711(.muLaw)), (.pcma, .g711(.aLaw)),
        ][Int(fodder.byte()) % 3]
        var receiver = RTPReceiver(clockRate: format.clockRate)
        var playout = Playout(format: format)
        var decoder = FuzzedDecoder(codec)
        var now = Instant(nanoseconds: 0)
        while !fodder.isEmpty {
            let datagram = fodder.piece()
            if datagram.isEmpty {
                play(&playout, &decoder, at: &now)
                _ = receiver.reportBlock(at: now)
            } else if datagram.count == 1 {
                now = now + .milliseconds(4 * Int64(datagram[0]))
            } else if let packet = try? RTPPacket(parsing: datagram.span) {
                expect(packet.payload.upperBound <= datagram.count, "a payload lies in its packet")
                if packet.header.payloadType == 101 { playout.skip(packet.header, at: now) }
                _ = receiver.receive(packet.header, at: now)
                _ = playout.insert(packet.header, payload: datagram.span.extracting(packet.payload), at: now)
            }
        }
        // Played to its end, a stream that stopped becomes silence.
        for _ in 0..<600 { play(&playout, &decoder, at: &now) }
        let before = playout.statistics.totalSamplesReceived
        play(&playout, &decoder, at: &now)
        let statistics = playout.statistics
        expect(statistics.totalSamplesReceived == before, "a stream that stopped ends")
        expect((.milliseconds(20)...(.milliseconds(400))).contains(statistics.targetDelay), "the delay has its bounds")
        expect(
            statistics.silentConcealedSamples <= statistics.concealedSamples + statistics.pausedSamples,
            "parts are parts")
    }

    private static func play(_ playout: inout Playout, _ decoder: inout FuzzedDecoder, at now: inout Instant) {
        var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
        var samples = frame.mutableSpan
        playout.play(into: &samples, with: &decoder, at: now)
        now = now + AudioFormat.frameDuration
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
        let codec = [AudioCodec.opus(OpusSettings()), .g711(.aLaw), .g711(.muLaw)][Int(fodder.byte()) % 3]
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

/// A real decoder, held to what it promises.
struct FuzzedDecoder: ~Copyable, SpeechDecoder {
    private var decoder: AudioDecoder

    init(_ codec: AudioCodec) {
        decoder = AudioDecoder(codec)
    }

    mutating func decode(_ payload: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
        checked(decoder.decode(payload, into: &samples), samples.count)
    }

    mutating func recover(_ count: Int, from next: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
        checked(decoder.recover(count, from: next, into: &samples), samples.count)
    }

    mutating func conceal(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
        checked(decoder.conceal(count, into: &samples), samples.count)
    }

    mutating func pause(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
        checked(decoder.pause(count, into: &samples), samples.count)
    }

    private func checked(_ count: Int, _ room: Int) -> Int {
        expect((0...room).contains(count), "what is decoded has room")
        return count
    }
}
