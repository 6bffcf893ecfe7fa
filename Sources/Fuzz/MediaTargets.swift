import Audio
import Media
import Wire

extension Target {
    static let media = [
        Target(name: "rtp", seeds: { [rtpSeed] }, check: checkRTP),
        Target(name: "rtcp", seeds: { rtcpSeeds }, check: checkRTCP),
        Target(
            name: "red",
            seeds: { [[0xEF, 0x0F, 0, 2, 111, 1, 2, 3], [0xEF, 0x1E, 0, 1, 0xEF, 15, 0, 1, 111, 1, 2]] },
            check: checkRedundancy),
        Target(
            name: "telephone-event",
            seeds: { [[0, 0, 0, 100, 1, 4, 5, 10, 0, 160, 0, 0, 0, 100, 0, 4, 5, 138, 3, 32]] },
            check: checkTelephoneEvent),
        Target(
            name: "payload", seeds: { [[0, 3, 0x78, 1, 2, 0, 2, 9, 9], [1, 2, 0xFF, 0x7F]] }, check: checkPayload),
    ]

    /// Packets of a length before each; one of no bytes lets a frame's time pass, which its payload type of none of ours
    /// makes longer or shorter.
    private static func checkRTP(_ bytes: [UInt8]) {
        var fodder = Fodder(bytes)
        let (format, codec) = [
            (PayloadFormat.opus, AudioCodec.opus(OpusSettings())), (.pcmu, .g711(.muLaw)), (.pcma, .g711(.aLaw)),
            (.g722, .g722),
        ][Int(fodder.byte()) % 4]
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
                _ = packet.audioLevel(id: packet.header.payloadType & 15, in: datagram.span)
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

    private static func checkRedundancy(_ bytes: [UInt8]) {
        var blocks: [RedundantPayload.Block] = []
        try? RedundantPayload.read(bytes.span) { blocks.append($0) }
        guard let own = blocks.last else { return }
        expect(own.age == 0 && own.payload.upperBound == bytes.count, "the last block is the packet's own")
        for (block, next) in zip(blocks, blocks.dropFirst()) {
            expect(block.payload.upperBound == next.payload.lowerBound, "the blocks lie behind each other")
            expect(block.age > next.age, "the oldest comes first")
        }
        // Each block sent as a packet of its own, and what is made of them read again.
        var sender = RedundancySender()
        var buffer = [UInt8](repeating: 0, count: 1_500)
        for block in blocks {
            var span = buffer.mutableSpan
            let payload = bytes.span.extracting(block.payload)
            guard
                let length = sender.write(
                    payload, payloadType: 111, at: block.offset, generations: 2, into: &span, from: 0,
                    limit: 1_500)
            else { continue }
            var own: Range<Int>?
            try? RedundantPayload.read(buffer.span.extracting(0..<length)) { own = $0.payload }
            expect(own.map { buffer[$0].elementsEqual(bytes[block.payload]) } == true, "a payload is read as it was")
        }
    }

    /// Timestamp, marker and payload of one packet after the other.
    private static func checkTelephoneEvent(_ bytes: [UInt8]) {
        var fodder = Fodder(bytes)
        var receiver = TelephoneEventReceiver()
        var keys = 0
        var packets = 0
        while !fodder.isEmpty {
            let timestamp = (0..<4).reduce(UInt32(0)) { value, _ in value << 8 | UInt32(fodder.byte()) }
            let header = RTPHeader(
                payloadType: 101, marker: fodder.byte() & 1 == 1, sequenceNumber: 0, timestamp: timestamp, ssrc: 1)
            let payload = fodder.piece()
            packets += 1
            if receiver.receive(header, payload.span) != nil { keys += 1 }
            expect(receiver.receive(header, payload.span) == nil, "a packet that comes twice is no second key")
            if let event = TelephoneEvent(parsing: payload.span) {
                var written = [UInt8](repeating: 0, count: TelephoneEvent.length)
                var span = written.mutableSpan
                event.write(into: &span, from: 0)
                let again = TelephoneEvent(parsing: written.span)
                expect(again == event, "an event is read as it was written")
            }
        }
        expect(keys <= packets, "no packet is two keys")
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
            RTCPCompound.write([.nack(NegativeAcknowledgement(sender: 1, media: 2, sequenceNumbers: [1, 3, 40]))]),
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

    mutating func begin(_ format: PayloadFormat) {}

    private func checked(_ count: Int, _ room: Int) -> Int {
        expect((0...room).contains(count), "what is decoded has room")
        return count
    }
}
