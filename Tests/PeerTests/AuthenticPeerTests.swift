import Foundation
import Media
import Testing
import Wire

@testable import Peer

/// A peer that has the keys, so that all it sends is taken for what it says.
@Suite("What an authentic peer may send") struct AuthenticPeerTests {
    /// Plays waves that stretching in time can find no good place in, of whatever length the peer likes.
    private struct Waves: SpeechDecoder {
        var format: PayloadFormat

        mutating func decode(_ payload: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
            let ticks = Int(format.samples(in: payload) ?? 0)
            return fill(min(ticks * 48_000 / Int(format.clockRate), samples.count), payload[0], &samples)
        }

        mutating func recover(_ count: Int, from next: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
            fill(min(count, samples.count), next[0], &samples)
        }

        mutating func conceal(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
            fill(min(count, samples.count), 3, &samples)
        }

        mutating func pause(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
            fill(min(count, samples.count), 0, &samples)
        }

        mutating func begin(_ format: PayloadFormat) { self.format = format }

        private func fill(_ count: Int, _ kind: UInt8, _ samples: inout MutableSpan<Int16>) -> Int {
            let half = 40 * Int(kind & 7)
            for index in 0..<count { samples[index] = half == 0 ? 0 : index / half % 2 == 0 ? 32_767 : -32_768 }
            return count
        }
    }

    private struct Attack {
        var dice: Randomness
        var audio: NegotiatedAudio
        var header = RTPHeader(payloadType: 0, marker: false, sequenceNumber: 65_000, timestamp: .max - 9_000, ssrc: 1)

        mutating func roll(_ sides: Int) -> Int { Int(dice.next() % UInt64(sides)) }
        mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: dice.next()) } }
        mutating func word() -> UInt32 { UInt32(truncatingIfNeeded: dice.next()) }

        /// Mostly in order, then some way off in number, time or source.
        mutating func packet() -> [UInt8] {
            let ticks = UInt32(audio.codec.clockRate)
            header.sequenceNumber &+= [1, 1, 1, 1, 2, 3, 60, 64, 3_000, UInt16(truncatingIfNeeded: word())][roll(10)]
            header.timestamp &+=
                [
                    ticks / 50, ticks / 50, ticks / 50, ticks / 100, ticks / 8, 0, 1, 3 * ticks - 1, 0 &- ticks, word(),
                ][roll(10)]
            if roll(50) == 0 { header.ssrc = word() % 3 }
            header.marker = roll(10) == 0
            header.payloadType =
                [audio.payloadType, audio.redundancyPayloadType, audio.telephoneEventPayloadType, 77][
                    [0, 0, 0, 0, 1, 1, 2, 3][roll(8)]] ?? 0
            let level = roll(3) == 0 ? AudioLevel(attenuation: UInt8(roll(128)), isVoice: true) : nil
            let element = level.map { (id: UInt8(1 + roll(14)), level: $0) }
            let payload = payload()
            var packet = [UInt8](repeating: 0, count: RTPSender.headerLength(hasAudioLevel: element != nil))
            var span = packet.mutableSpan
            header.write(into: &span, audioLevel: element)
            return packet + payload
        }

        private mutating func payload() -> [UInt8] {
            switch header.payloadType {
            case audio.redundancyPayloadType where roll(4) > 0:
                var (heads, bodies): ([UInt8], [UInt8]) = ([], [])
                for _ in 0..<roll(4) {
                    let body = bytes(roll(60))
                    let offset = roll(0x4000)
                    heads += [0x80 | audio.payloadType, UInt8(offset >> 6), UInt8(offset & 63) << 2, UInt8(body.count)]
                    bodies += body
                }
                return heads + [audio.payloadType] + bodies + bytes(roll(60))
            case audio.telephoneEventPayloadType: return bytes([4, 4, 0, 3, 9][roll(5)])
            default: return bytes([160, 60, 80, 1, 2, 0, 480, 1_000, 1_500, roll(1_500)][roll(10)])
            }
        }

        /// Another codec, from the same peer or another one.
        mutating func change(_ stream: inout AudioStream) {
            let former = audio
            audio = AuthenticPeerTests.agreed(Codec.allCases[roll(Codec.allCases.count)])
            audio.payloadType = UInt8(100 + roll(10))
            let source = RTPSender(audio.codec, randomness: &dice)
            if roll(2) == 0 {
                stream.change(to: audio.codec, from: former, as: roll(2) == 0 ? source : nil)
            } else {
                stream.change(to: audio.codec, ofAnotherPeerAs: source)
            }
        }

        mutating func reports(on ssrc: UInt32) -> [UInt8] {
            let block = ReportBlock(
                ssrc: roll(4) == 0 ? word() : ssrc, fractionLost: UInt8(roll(256)),
                cumulativeLost: Int32(bitPattern: word()), highestSequenceNumber: word(),
                jitter: word() >> UInt32(roll(32)), lastSenderReport: word(), delaySinceLastSenderReport: word())
            let info = SenderInfo(
                ntp: NTPTimestamp(bits: dice.next()), rtpTimestamp: word(), packetCount: word(), octetCount: word())
            let numbers = (0..<1 + roll(40)).map { _ in UInt16(truncatingIfNeeded: word()) }
            let all: [RTCPPacket] = [
                .senderReport(ssrc: word() % 3, info, [block]), .receiverReport(ssrc: 1, [block, block]),
                .sourceDescription([SourceDescription(ssrc: 1, cname: "x")]), .goodbye([word() % 3]),
                .nack(NegativeAcknowledgement(sender: 1, media: ssrc, sequenceNumbers: numbers)),
            ]
            var compound = RTCPCompound.write((0..<1 + roll(5)).map { _ in all[roll(all.count)] })
            if roll(3) == 0 { compound[roll(compound.count)] = UInt8(roll(256)) }
            return compound
        }
    }

    fileprivate static func agreed(_ codec: Codec) -> NegotiatedAudio {
        var audio = NegotiatedAudio(
            codec: codec, payloadType: 111, telephoneEventPayloadType: 101, sends: true, receives: true)
        audio.redundancyPayloadType = codec == .opus ? 63 : nil
        audio.audioLevelID = 3
        audio.hasNACK = true
        return audio
    }

    private static let seeds: Range<UInt64> =
        0..<(ProcessInfo.processInfo.environment["HEAVY_TESTS"] == nil ? 1 : 100)

    @Test("Whatever it is, it is heard, counted or dropped, and time goes on", arguments: Codec.allCases)
    func anything(codec: Codec) {
        for seed in Self.seeds {
            var attack = Attack(dice: .seeded(seed), audio: Self.agreed(codec))
            var randomness = Randomness.seeded(1)
            var stream = AudioStream(codec: codec, cname: "us", randomness: &randomness)
            var waves = Waves(format: codec.payloadFormat)
            var now = Instant(nanoseconds: 1_000_000_000)
            stream.scheduleReports(from: now, randomness: randomness)
            var buffer = [UInt8](repeating: 0, count: 1_300)
            var frame = [Int16](repeating: 0, count: 960)
            for _ in 0..<2_000 {
                for _ in 0..<[1, 1, 1, 0, 2, 9][attack.roll(6)] {
                    _ = stream.receive(attack.packet().span, attack.audio, at: now)
                    _ = stream.lossRequest(attack.audio, roundTrip: nil, at: now)
                }
                if attack.roll(200) == 0 { attack.change(&stream) }
                if attack.roll(20) == 0 { _ = stream.receiveReports(attack.reports(on: stream.ssrc).span, at: now) }
                var samples = frame.mutableSpan
                stream.play(into: &samples, with: &waves, at: now)
                var packet = buffer.mutableSpan
                _ = stream.write(
                    [0x78, 1, 2, 3].span, attack.audio, samples: 960, level: nil, at: now, into: &packet, limit: 1_184)
                if let deadline = stream.deadline, deadline <= now {
                    _ = stream.dueReport(at: now)
                    _ = stream.takeEnd(at: now)
                    #expect(stream.deadline.map { $0 > now } ?? true)
                }
                now = now + .milliseconds(attack.roll(200) == 0 ? Int64(attack.roll(100_000)) : 20)
            }
            var statistics = Statistics()
            stream.fill(&statistics)
            let quality = CallQuality(statistics)
            #expect(statistics.packetsReceived > 0)
            #expect(quality.received.loss.map { (0...1).contains($0) } ?? true)
            #expect(quality.received.concealed.map { (0...1).contains($0) } ?? true)
            #expect(quality.meanOpinionScore.map { (1...4.5).contains($0) } ?? true)
            #expect(!frame.isEmpty)
        }
    }
}
