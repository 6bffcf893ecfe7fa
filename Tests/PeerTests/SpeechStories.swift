import Media
import Peer
import SDP
import Testing
import Wire

@Suite("What speech is made of: repetitions, keys, levels, wishes") struct SpeechStories {
    private func connected(
        configure: (inout PeerConnection.Configuration) -> Void = { _ in }, offer: (String) -> String = { $0 },
        answer: (String) -> String = { $0 }
    ) throws -> Story {
        let story = Story(configure: configure)
        try story.negotiate(offer: offer, answer: answer)
        story.run(for: .milliseconds(200))
        return story
    }

    private func concealed(_ story: Story, _ side: Story.Side) -> Int {
        story.played[side, default: []].count { if case .missing = $0 { true } else { false } }
    }

    @Test("After a time in which nothing could be said, what is said is heard as soon as before (RFC 3550 §5.1)")
    func stall() throws {
        let story = try connected()
        story.talk(frames: 200)
        let before = story.b.statistics.playout.targetDelay
        story.talk(frames: 20, sides: [.b])
        story.a.pauseAudio(for: .milliseconds(400))
        story.talk(frames: 20)
        #expect(story.b.statistics.playout.targetDelay == before)
    }

    @Test("One packet lost in ten is heard from the next, where both repeat (RFC 2198)") func redundancy() throws {
        let story = try connected(configure: { $0.hasRedundancy = true })
        #expect(story.b.negotiated?.redundancyPayloadType == 63)
        story.rule = { _, media in media.map { $0 % 20 != 9 } ?? true }
        story.talk(frames: 500)
        // But for the first loss there may be, before it is known that there are repetitions.
        #expect(concealed(story, .b) == 0)
        #expect(story.b.statistics.packetsLost == 50)
        #expect(story.b.statistics.packetsRecovered == 50)
    }

    @Test("Two packets lost in a row are heard from the third, once the losses are reported (RFC 2198)")
    func redundancyOfTwo() throws {
        let story = try connected(configure: { $0.hasRedundancy = true })
        story.rule = { _, media in media.map { $0 % 40 != 9 && $0 % 40 != 11 } ?? true }
        story.talk(frames: 1_000)
        let before = concealed(story, .b)
        story.talk(frames: 500)
        #expect(concealed(story, .b) == before)
        // The encoder need not repeat as well.
        #expect(story.a.expectedLoss == 0)
    }

    @Test("A lost packet is asked for and comes in time (RFC 4585 §6.2.1)", arguments: [true, false])
    func lossRequest(isReducedSize: Bool) throws {
        let story = try connected(
            configure: { $0.hasNACK = true },
            offer: { isReducedSize ? $0 : $0.replacing("a=rtcp-rsize\r\n", with: "") })
        #expect(story.b.negotiated?.isReducedSize == isReducedSize)
        // Where one packet in five comes late, sound waits for long enough.
        story.jitter = { [4, 5].contains($0 % 10) ? .milliseconds(90) : .zero }
        story.talk(frames: 200)
        let before = concealed(story, .b)
        story.rule = { _, media in media.map { $0 % 40 != 8 && $0 % 40 != 9 } ?? true }
        story.talk(frames: 200)
        #expect(concealed(story, .b) == before)
        #expect(story.b.statistics.packetsLost == 0)
        #expect(story.a.state == .connected)
    }

    @Test("A key is heard once at the other end, and speech goes on (RFC 4733 §2.5)", arguments: [Codec.opus, .pcma])
    func key(codec: Codec) throws {
        let story = Story(codecsB: [codec])
        try story.negotiate()
        story.run(for: .milliseconds(200))
        let ticks: UInt32 = codec == .opus ? 960 : 160
        let payload = { (side: Story.Side, number: Int) -> [UInt8] in
            guard codec != .opus else { return Story.opus(side, number) }
            return [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 160)
        }
        story.talk(frames: 10, samples: ticks, payload: payload)
        for key in "19*#AD" {
            #expect(story.a.sendKey(key, for: .milliseconds(100)) == .milliseconds(240))
            story.talk(frames: 20, samples: ticks, payload: payload)
        }
        let keys = story.events[.b, default: []].compactMap { event in
            if case .keyPressed(let key) = event { key } else { nil }
        }
        #expect(keys == Array("19*#AD"))
        // A hundred milliseconds of five packets, the last thrice, in place of speech; none is missed.
        #expect(story.b.statistics.packetsReceived == 130)
        #expect(story.b.statistics.packetsLost == 0)
        #expect(story.played[.b, default: []].contains { $0.isFrame })
    }

    @Test("A peer whose answer has other payload types is heard under those of the offer (RFC 3264 §5.1)")
    func otherNumbers() throws {
        let story = Story { $0.hasRedundancy = true }
        try story.negotiate(answer: {
            $0.replacing(":63 111/111", with: ":97 96/96").replacing(" 111", with: " 96").replacing(":111", with: ":96")
                .replacing(" 63", with: " 97").replacing(":63", with: ":97").replacing(" 110", with: " 101")
                .replacing(":110", with: ":101")
        })
        #expect(story.a.negotiated?.payloadType == 96)
        #expect(story.a.negotiated?.telephoneEventPayloadType == 101)
        #expect(story.a.negotiated?.redundancyPayloadType == 97)
        story.run(for: .milliseconds(200))
        story.talk(frames: 50, sides: [.b, .a])
        #expect(story.b.sendKey("5", for: .milliseconds(100)) != nil)
        story.talk(frames: 20, sides: [.b, .a])
        #expect(story.heard(by: .a).count > 50)
        #expect(story.events[.a]?.contains(.keyPressed("5")) == true)
        #expect(story.a.statistics.packetsDropped == 0)
        // It expects what it answered, which this one has not.
        #expect(story.b.statistics.packetsReceived == 0)
    }

    @Test("Keys lost on the way in part are heard all the same") func lostKeyPackets() throws {
        let story = try connected()
        story.talk(frames: 5)
        for lost in 0..<6 {
            var sent = 0
            story.rule = { _, media in
                // Every other packet is of a.
                sent += media == nil ? 0 : 1
                return media == nil || sent / 2 == 1 + lost || sent / 2 > 7
            }
            #expect(story.a.sendKey("7", for: .milliseconds(100)) != nil)
            story.talk(frames: 20)
        }
        let count = story.events[.b, default: []].count { $0 == .keyPressed("7") }
        #expect(count == 6)
    }

    @Test("No key where the peer takes none, and while it holds the call") func noKey() throws {
        let plain = try connected(offer: { offer in
            offer.split(separator: "\r\n").filter { !$0.contains("telephone-event") }.joined(separator: "\r\n") + "\r\n"
        })
        #expect(plain.b.sendKey("1", for: .milliseconds(100)) == nil)
        let held = try connected()
        _ = try held.reoffer { $0.replacing("a=sendrecv", with: "a=sendonly") }
        #expect(held.b.sendKey("1", for: .milliseconds(100)) == nil)
        #expect(held.a.sendKey("E", for: .milliseconds(100)) == nil)
    }

    @Test(
        "Keys are apart in time and by a packet of sound, however long packets are, even those asked for at once",
        arguments: [(10, 190), (20, 220), (40, 280), (60, 360)])
    func keysApart(packetTime: Int, interval: Int) throws {
        let story = try connected(
            configure: { $0.encryptions = [.plain] },
            answer: { $0.replacing("a=ptime:20", with: "a=ptime:\(packetTime)") })
        let keyType = story.a.negotiated?.telephoneEventPayloadType
        // What a sends, and where in time, in milliseconds, that begins and ends.
        var sent: [(isKey: Bool, start: Int, end: Int)] = []
        story.rule = { datagram, _ in
            guard datagram.from == Story.addressA, let packet = try? RTPPacket(parsing: datagram.bytes.span) else {
                return true
            }
            let start = Int(packet.header.timestamp / 48)
            let event = TelephoneEvent(parsing: datagram.bytes.span.extracting(packet.payload))
            let isKey = packet.header.payloadType == keyType
            sent.append((isKey, start, start + (isKey ? Int(event?.duration ?? 0) / 48 : packetTime)))
            return true
        }
        let times = "116".map { story.a.sendKey($0, for: .milliseconds(100)) }
        #expect(times == [1, 2, 3].map { .milliseconds(packetTime + $0 * interval) })
        for number in 0...3 * interval / packetTime {
            story.send(Story.opus(.a, number), samples: UInt32(packetTime * 48), of: .a)
            story.run(for: .milliseconds(packetTime))
        }
        let first = try #require(sent.first?.start)
        let starts = sent.filter(\.isKey).map { $0.start - first }
        #expect(Set(starts) == [0, interval, 2 * interval])
        for (before, after) in zip(sent, sent.dropFirst()) where after.isKey && before.start != after.start {
            #expect(!before.isKey)
        }
        #expect(sent.filter(\.isKey).allSatisfy { ($0.start - first) % interval + $0.end - $0.start <= interval - 70 })
        #expect(sent.last?.isKey == false)
        #expect(story.events[.b, default: []].count { $0 == .keyPressed("1") } == 2)
        #expect(story.events[.b, default: []].count { $0 == .keyPressed("6") } == 1)
    }

    @Test("A key that the peer's hold comes before is not sent when that is over") func keyBeforeHold() throws {
        let story = try connected()
        story.talk(frames: 5)
        #expect(story.b.sendKey("1", for: .milliseconds(100)) != nil)
        _ = try story.renegotiate { $0.replacing("a=sendrecv", with: "a=sendonly") }
        story.talk(frames: 20)
        _ = try story.renegotiate { $0 }
        story.talk(frames: 20)
        #expect(story.events[.a]?.contains(.keyPressed("1")) == false)
        #expect(story.a.statistics.packetsReceived == 25)
    }

    @Test("How loud one speaks is told, where both have it (RFC 6464)") func level() throws {
        let story = try connected(configure: { $0.hasAudioLevel = true })
        story.send(Story.opus(.a, 0), level: AudioLevel(attenuation: 33, isVoice: true), of: .a)
        story.run(for: .milliseconds(20))
        #expect(story.b.statistics.remoteLevel == AudioLevel(attenuation: 33, isVoice: true))
        let without = try connected()
        without.send(Story.opus(.a, 0), level: AudioLevel(attenuation: 33, isVoice: true), of: .a)
        without.run(for: .milliseconds(20))
        #expect(without.b.statistics.packetsReceived == 1)
        #expect(without.b.statistics.remoteLevel == nil)
    }

    @Test(
        "What the peer would like to receive is read from its description (RFC 7587 §6.1, RFC 8866 §6.4)",
        arguments: [
            ("minptime=10;useinbandfec=1", "minptime=10;useinbandfec=1", 20, true, false, nil),
            ("minptime=10;useinbandfec=1", "maxaveragebitrate=16000; usedtx=1", 20, false, true, 16_000),
            ("a=ptime:20", "a=ptime:40", 40, true, false, nil),
            ("a=ptime:20", "a=ptime:60\r\na=maxptime:40", 40, true, false, nil),
            ("a=ptime:20", "a=maxptime:10", 10, true, false, nil), ("a=ptime:20", "a=ptime:30", 20, true, false, nil),
            ("a=ptime:20", "a=ptime:0", 10, true, false, nil), ("a=ptime:20", "a=x", 20, true, false, nil),
        ] as [(String, String, Int, Bool, Bool, Int?)])
    func wishes(part: String, replacement: String, ptime: Int, fec: Bool, dtx: Bool, bitrate: Int?) throws {
        let story = try connected(offer: { $0.replacing(part, with: replacement) })
        var wishes = ReceptionWishes()
        wishes.packetTime = ptime
        wishes.forwardErrorCorrection = fec
        wishes.discontinuousTransmission = dtx
        wishes.maximumBitrate = bitrate
        #expect(story.b.negotiated?.wishes == wishes)
    }
}

extension Story.Played {
    fileprivate var isFrame: Bool { if case .frame = self { true } else { false } }
}
