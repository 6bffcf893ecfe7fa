import Crypto
import Media
import Peer
import SDP
import Testing
import Wire

@Suite("Offers in mid-call that change the codec") struct CodecChangeStories {
    private static let all: [Codec] = [.opus, .g722, .pcmu, .pcma]

    private func story(beginningWith codec: Codec) throws -> (story: Story, answer: String) {
        let story = Story(codecsA: [codec] + Self.all.filter { $0 != codec }, codecsB: Self.all) {
            $0.hasRedundancy = true
            $0.hasNACK = true
        }
        var answer = ""
        try story.negotiate(answer: {
            answer = $0
            return $0
        })
        story.run(for: .milliseconds(200))
        return (story, answer)
    }

    @Test(
        "A later offer with another codec changes what is said and heard, and no frame is missed (RFC 3264 §8.3.2)",
        arguments: [
            (Codec.opus, Codec.pcma, "8 110 126"), (.opus, .g722, "9 126"), (.pcmu, .pcma, "8 0 126"),
            (.pcma, .opus, "111 63 110"), (.g722, .pcmu, "0"),
        ])
    func change(before: Codec, after: Codec, formats: String) throws {
        let (story, first) = try story(beginningWith: before)
        story.talk(before, frames: 100)
        let later = try story.renegotiate { $0.offering(formats) }
        story.talk(after, frames: 100, from: 100)
        for (side, other) in [(Story.Side.a, Story.Side.b), (.b, .a)] {
            #expect((side == .a ? story.a.negotiated : story.b.negotiated)?.codec == after)
            let heard = story.heard(by: side)
            #expect(heard.allSatisfy { $0.speaker == other })
            #expect(heard.map(\.number) == Array(0..<heard.count))
            #expect(heard.count > 195)
            #expect(story.begun[side] == [after.format])
            #expect(story.concealed(by: side) == 0)
            let statistics = side == .a ? story.a.statistics : story.b.statistics
            #expect(statistics.playout.concealedSamples == 0)
            #expect(statistics.packetsSent == 200)
            #expect(statistics.packetsReceived == 200)
            #expect(statistics.packetsLost == 0)
            #expect(statistics.packetsDropped == 0)
            #expect(statistics.jitter < .milliseconds(1))
        }
        // A clock of another rate has a source of its own (RFC 7160 §4.1).
        #expect((first.source == later.source) == (before.clockRate == after.clockRate))
    }

    @Test(
        "Another payload type for the same codec is followed without a gap, and the old one is understood for a while")
    func payloadType() throws {
        let (story, _) = try story(beginningWith: .opus)
        story.talk(.opus, frames: 50)
        _ = try story.renegotiate {
            $0.replacing(" 111 63 ", with: " 96 97 ").replacing(":111 ", with: ":96 ").replacing(":63 ", with: ":97 ")
                .replacing("111/111", with: "96/96")
        }
        #expect(story.b.negotiated?.payloadType == 96)
        #expect(story.b.negotiated?.redundancyPayloadType == 97)
        story.talk(.opus, frames: 50, from: 50)
        for side in [Story.Side.a, .b] {
            let heard = story.heard(by: side).map(\.number)
            #expect(heard == Array(0..<heard.count))
            #expect(story.concealed(by: side) == 0)
            #expect(story.begun[side] == [])
        }
        #expect(story.b.statistics.packetsDropped == 0)
        #expect(story.b.statistics.packetsReceived == 100)
    }

    @Test(
        "A payload type keeps its meaning: an offer that gives it another is answered by another codec (RFC 3264 §8.3.2)"
    )
    func rebound() throws {
        let (story, _) = try story(beginningWith: .opus)
        let answer = try story.reoffer {
            $0.offering("111 8").replacing("rtpmap:111 opus/48000/2", with: "rtpmap:111 PCMU/8000")
        }
        #expect(answer.contains("m=audio 6000 UDP/TLS/RTP/SAVPF 8\r\n"))
    }

    @Test("A later offer of ours has the codec in use first and all others after it (RFC 8829 §5.2.2)") func offers()
        throws
    {
        let (story, _) = try story(beginningWith: .pcma)
        story.talk(.pcma, frames: 50)
        let offer = story.b.createOffer(at: story.now)
        #expect(offer.contains("UDP/TLS/RTP/SAVPF 8 111 63 9 0 126 110\r\n"))
        let (_, outputs) = try story.a.createAnswer(toOffer: offer, at: story.now)
        story.perform(outputs, of: .a)
        #expect(story.a.negotiated?.codec == .pcma)
    }

    @Test("The peer may answer a later offer of ours with another codec") func answersWithAnother() throws {
        let (story, first) = try story(beginningWith: .pcma)
        story.talk(.pcma, frames: 50)
        let offer = story.b.createOffer(at: story.now)
        let (answer, outputs) = try story.a.createAnswer(toOffer: offer.offering("111 63 110"), at: story.now)
        story.perform(outputs, of: .a)
        story.perform(try story.b.acceptAnswer(answer, at: story.now), of: .b)
        story.talk(.opus, frames: 50, from: 50)
        for side in [Story.Side.a, .b] {
            let heard = story.heard(by: side).map(\.number)
            #expect(heard == Array(0..<heard.count))
            #expect(heard.count > 95)
            #expect(story.concealed(by: side) == 0)
        }
        // What is said of our source is true again.
        let later = story.b.createOffer(at: story.now).source
        #expect(later != nil && later != first.source)
        story.run(for: .milliseconds(20))
        story.send(Story.opus(.b, 0), of: .b)
        let packet = try #require(story.datagrams.last?.bytes)
        let ssrc = packet[8..<12].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        #expect(later?.contains("a=ssrc:\(ssrc) ") == true)
    }

    @Test("A key keeps its length when the clock changes (RFC 4733 §2.1)") func key() throws {
        let (story, _) = try story(beginningWith: .opus)
        story.talk(.opus, frames: 10)
        _ = try story.renegotiate { $0.offering("8 126") }
        story.talk(.pcma, frames: 10, from: 10)
        #expect(story.a.sendKey("5", for: .milliseconds(100)) == .milliseconds(240))
        story.talk(.pcma, frames: 20, from: 20)
        #expect(story.events[.b]?.filter { $0 == .keyPressed("5") } == [.keyPressed("5")])
        // Five packets, the last one thrice, in place of as many of sound.
        #expect(story.b.statistics.packetsReceived == 40)
        #expect(story.b.statistics.packetsLost == 0)
    }
}

@Suite("Offers in mid-call that bring another peer") struct PeerChangeStories {
    private func connected(codecsC: [Codec] = [.opus, .pcmu, .pcma]) throws -> Story {
        let story = Story(codecsC: codecsC)
        try story.negotiate()
        story.run(for: .milliseconds(200))
        story.talk(.opus, frames: 50)
        return story
    }

    /// The peer of b is c from now on: its offer comes as a later one of the session.
    private func move(_ story: Story, change: (String) -> String = { $0 }) throws {
        let (answer, outputs) = try story.b.createAnswer(
            toOffer: change(story.c.createOffer(at: story.now)), at: story.now)
        story.perform(outputs, of: .b)
        story.perform(try story.c.acceptAnswer(answer, at: story.now), of: .c)
    }

    private func expectHandedOver(_ story: Story, frames: Int, missed: Int = 0) {
        let heard = story.heard(by: .b)
        let before = heard.prefix { $0.speaker == .a }
        #expect(heard.dropFirst(before.count).allSatisfy { $0.speaker == .c })
        #expect(before.count > 50)
        #expect(heard.count - before.count > 90)
        #expect(
            Array(0..<heard.count + missed).filter { number in !heard.contains { $0.number == number } }.count == missed
        )
        #expect(story.concealed(by: .b) == missed)
        #expect(story.heard(by: .c).count > 90)
        #expect(story.concealed(by: .c) == 0)
        let statistics = story.b.statistics
        #expect(statistics.packetsSent == UInt64(frames))
        #expect(statistics.packetsReceived == UInt64(frames - missed))
        #expect(statistics.packetsLost == 0)
        #expect(statistics.selectedPair?.remote == Story.addressC)
        #expect(story.events[.b]?.contains(.endedByPeer) == false)
        #expect(story.events[.b]?.count { $0 == .stateChanged(.connected) } == 1)
        #expect(story.events[.a]?.last == .endedByPeer)
    }

    @Test(
        "The one before is heard until the other is connected, then the other, without a gap (RFC 8842 §5.3)",
        arguments: [Codec.opus, .pcma])
    func moves(codec: Codec) throws {
        let story = try connected(codecsC: [codec])
        try move(story)
        story.talk(.opus, frames: 2, from: 50, sides: [.a, .b, .c])
        story.talk(codec, frames: 100, from: 52, sides: [.a, .b, .c])
        expectHandedOver(story, frames: 152)
        #expect(story.begun[.b] == [codec.format])
        #expect(story.b.negotiated?.codec == codec)
    }

    @Test("An offer of ours that an empty INVITE asks for may be answered by another peer (RFC 3725 §7, RFC 8839 §6.2)")
    func movesByAnswer() throws {
        let story = try connected()
        story.b.restart()
        let (answer, outputs) = try story.c.createAnswer(toOffer: story.b.createOffer(at: story.now), at: story.now)
        story.perform(outputs, of: .c)
        story.perform(try story.b.acceptAnswer(answer, at: story.now), of: .b)
        story.talk(.opus, frames: 102, from: 50, sides: [.a, .b, .c])
        // Its first frame comes after the last one of the peer before has been played.
        expectHandedOver(story, frames: 152, missed: 1)
    }

    @Test("The same peer answers such an offer, too, by an ICE restart, and the association stays (RFC 8842 §5.5)")
    func staysByAnswer() throws {
        let story = try connected()
        story.b.restart()
        let (answer, outputs) = try story.a.createAnswer(toOffer: story.b.createOffer(at: story.now), at: story.now)
        story.perform(outputs, of: .a)
        story.perform(try story.b.acceptAnswer(answer, at: story.now), of: .b)
        story.talk(.opus, frames: 100, from: 50)
        for side in [Story.Side.a, .b] {
            let heard = story.heard(by: side)
            #expect(heard.map(\.number) == Array(0..<heard.count))
            #expect(heard.count > 145)
            #expect(story.events[side]?.count { if case .diagnostic(.srtpReady) = $0 { true } else { false } } == 1)
            #expect(story.events[side]?.count { if case .diagnostic(.selectedPair) = $0 { true } else { false } } == 2)
        }
    }

    @Test("Another peer cannot answer where it could not be found: the session stays as it was")
    func unknownCredentials()
        throws
    {
        let story = try connected()
        let (answer, _) = try story.c.createAnswer(toOffer: story.b.createOffer(at: story.now), at: story.now)
        #expect(throws: Refusal.sessionChanged) { try story.b.acceptAnswer(answer, at: story.now) }
        story.b.withdrawOffer()
        story.talk(.opus, frames: 10, from: 50)
        #expect(story.heard(by: .b).count == 57)
        #expect(story.b.state == .connected)
    }

    @Test("A refused answer changes nothing: the next one still meets the source that was offered (RFC 9429 §5.10)")
    func refused() throws {
        let story = try connected()
        story.b.restart()
        let offer = story.b.createOffer(at: story.now)
        let (answer, outputs) = try story.c.createAnswer(toOffer: offer, at: story.now)
        story.perform(outputs, of: .c)
        #expect(throws: Refusal.unusable(.noFingerprint)) {
            try story.b.acceptAnswer(answer.replacing("a=fingerprint:sha-256", with: "a=fingerprint:x"), at: story.now)
        }
        #expect(story.b.createOffer(at: story.now) == offer)
        story.perform(try story.b.acceptAnswer(answer, at: story.now), of: .b)
        var sent: [UInt8] = []
        story.rule = { datagram, _ in
            if datagram.from == Story.addressB, PacketKind(datagram.bytes.span) == .rtp { sent = datagram.bytes }
            return true
        }
        story.talk(.opus, frames: 50, from: 50, sides: [.a, .b, .c])
        #expect(story.heard(by: .c).count > 40)
        let ssrc = sent[8..<12].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        #expect(offer.contains("a=ssrc:\(ssrc) "))
    }

    @Test("A peer that goes while another takes its place ends nothing") func leaves() throws {
        let story = try connected()
        try move(story)
        story.close(.a)
        story.talk(.opus, frames: 100, from: 50, sides: [.b, .c])
        #expect(story.events[.b]?.contains(.endedByPeer) == false)
        #expect(story.heard(by: .b).last?.speaker == .c)
        #expect(story.heard(by: .c).count > 90)
        story.close(.c)
        story.run(for: .seconds(2))
        #expect(story.events[.b]?.last == .endedByPeer)
    }

    @Test("The peer that is heard stays if it is offered again before another one has come") func returns() throws {
        let story = try connected()
        story.rule = { datagram, _ in datagram.from != Story.addressC && datagram.to != Story.addressC }
        try move(story)
        story.talk(.opus, frames: 50, from: 50)
        _ = try story.renegotiate { $0 }
        story.talk(.opus, frames: 2_000, from: 100)
        for side in [Story.Side.a, .b] {
            let heard = story.heard(by: side).map(\.number)
            #expect(heard == Array(0..<heard.count))
            #expect(heard.count > 2_090)
            #expect(story.concealed(by: side) == 0)
        }
        #expect(story.b.state == .connected)
    }

    @Test("From one to another and another: each is heard in its turn") func movesAgain() throws {
        let story = try connected()
        try move(story)
        story.talk(.opus, frames: 52, from: 50, sides: [.a, .b, .c])
        // Another one with the same address, as the one before has gone.
        story.replaceA()
        let (answer, outputs) = try story.b.createAnswer(toOffer: story.a.createOffer(at: story.now), at: story.now)
        story.perform(outputs, of: .b)
        story.perform(try story.a.acceptAnswer(answer, at: story.now), of: .a)
        story.talk(.opus, frames: 50, from: 102, sides: [.a, .b, .c])
        let heard = story.heard(by: .b)
        #expect(heard.map(\.number) == Array(0..<heard.count))
        let turns = heard.reduce(into: [Story.Side]()) { if $0.last != $1.speaker { $0.append($1.speaker) } }
        #expect(turns == [.a, .c, .a])
        #expect(story.events[.c]?.last == .endedByPeer)
    }

    @Test("Another certificate than the offer's is a failure, and nothing of its owner is heard (RFC 8122 §6.2)")
    func wrongFingerprint() throws {
        let story = try connected()
        try move(story) {
            $0.replacing("a=fingerprint:", with: "a=fingerprint:\(Certificate.selfSigned().fingerprint)\r\na=x-old:")
        }
        story.talk(.opus, frames: 50, from: 50, sides: [.a, .b, .c])
        #expect(story.b.state == .failed(.fingerprintMismatch))
        #expect(story.heard(by: .b).allSatisfy { $0.speaker == .a })
        #expect(story.heard(by: .c).isEmpty)
    }

    @Test("A peer that cannot be reached is a failure; the one before is heard until then") func unreachable() throws {
        let story = try connected()
        story.rule = { datagram, _ in datagram.from != Story.addressC && datagram.to != Story.addressC }
        try move(story)
        story.talk(.opus, frames: 1_000, from: 50)
        #expect(story.b.state == .connected)
        #expect(story.heard(by: .b).count > 1_040)
        story.run(for: .seconds(4))
        #expect(story.b.state == .failed(.noPath))
    }

    @Test("Another DTLS role means another association over the same path (RFC 8842 §3.1)") func anotherRole() throws {
        let story = try connected()
        let answer = try story.renegotiate { $0.replacing("a=setup:actpass", with: "a=setup:active") }
        #expect(answer.contains("a=setup:passive\r\n"))
        try expectSecondAssociation(story)
        #expect(story.b.statistics.dtlsRole == .server)
    }

    @Test("Another tls-id means another association, the same one none (RFC 8842 §5.3)") func anotherIdentity() throws {
        let story = Story()
        var answers: [String] = []
        let named = { (name: String) in
            { (offer: String) in offer.replacing("a=setup:", with: "a=tls-id:\(name)\r\na=setup:") }
        }
        try story.negotiate(
            offer: named("abcdefghijklmnopqrst"),
            answer: {
                answers.append($0)
                return $0
            })
        story.run(for: .milliseconds(200))
        story.talk(.opus, frames: 50)
        answers.append(try story.renegotiate(named("abcdefghijklmnopqrst")))
        answers.append(try story.renegotiate(named("tsrqponmlkjihgfedcba")))
        let names = answers.map { $0.split(separator: "\r\n").first { $0.hasPrefix("a=tls-id:") } }
        #expect(names[0] != nil)
        #expect(names[0] == names[1])
        #expect(names[1] != names[2])
        try expectSecondAssociation(story)
    }

    /// Who is ready first says something that the other cannot read yet, and what is under way under the old keys is lost.
    private func expectSecondAssociation(_ story: Story) throws {
        story.talk(.opus, frames: 100, from: 50)
        for side in [Story.Side.a, .b] {
            #expect(story.events[side]?.count { if case .diagnostic(.srtpReady) = $0 { true } else { false } } == 2)
            #expect(story.events[side]?.contains(.endedByPeer) == false)
            let heard = story.heard(by: side)
            #expect(heard.last.map { $0.number > 145 } == true)
            #expect(heard.count + story.concealed(by: side) > 145)
            #expect(story.concealed(by: side) <= 1)
        }
        #expect(story.a.state == .connected)
        #expect(story.b.state == .connected)
    }
}

extension Codec {
    fileprivate var format: PayloadFormat {
        switch self {
        case .opus: .opus
        case .g722: .g722
        case .pcmu: .pcmu
        case .pcma: .pcma
        }
    }
}

extension String {
    /// The offer with other payload types in its line.
    fileprivate func offering(_ formats: String) -> String {
        let lines = split(separator: "\r\n").map { line in
            guard line.hasPrefix("m=audio") else { return String(line) }
            return line.split(separator: " ").prefix(3).joined(separator: " ") + " " + formats
        }
        return lines.joined(separator: "\r\n") + "\r\n"
    }

    fileprivate var source: Substring? { split(separator: "\r\n").first { $0.hasPrefix("a=ssrc:") } }
}
