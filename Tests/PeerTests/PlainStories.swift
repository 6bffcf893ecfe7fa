import Crypto
import Media
import Peer
import SDP
import Testing
import Wire

@Suite("Peers without DTLS, where they are taken") struct PlainStories {
    private static func connected(
        _ encryptions: Set<MediaEncryption>, offer: (String) -> String = { $0 }, answer: (String) -> String = { $0 }
    ) throws -> Story {
        let story = Story { $0.encryptions = encryptions }
        try story.negotiate(offer: offer, answer: answer)
        story.run(for: .milliseconds(300))
        return story
    }

    /// As somebody says it who knows neither ICE nor how to send RTCP along with sound.
    private static func withoutICE(_ description: String) -> String {
        let unknown = ["a=ice", "a=candidate", "a=end-of-candidates", "a=rtcp"]
        return description.split(separator: "\r\n").filter { !unknown.contains(where: $0.hasPrefix) }
            .joined(separator: "\r\n") + "\r\n"
    }

    private func expectSound(_ story: Story, _ encryption: MediaEncryption) {
        #expect(story.a.state == .connected)
        #expect(story.b.state == .connected)
        story.talk(frames: 20)
        for statistics in [story.a.statistics, story.b.statistics] {
            #expect(statistics.packetsReceived == 20)
            #expect(statistics.packetsDropped == 0)
            #expect(statistics.encryption == encryption)
            #expect(statistics.srtpProfile == (encryption == .plain ? nil : .aes128CMSHA1_80))
            #expect(statistics.dtlsRole == nil)
        }
    }

    @Test("With ICE, sound begins as soon as there is a path", arguments: [MediaEncryption.sdes, .plain])
    func overICE(encryption: MediaEncryption) throws {
        let story = try Self.connected([encryption])
        expectSound(story, encryption)
        #expect(story.a.statistics.localCandidate == .host)
    }

    @Test(
        "Without ICE, sound goes to the addresses of the descriptions at once (RFC 3264 §5.1)",
        arguments: [MediaEncryption.sdes, .plain])
    func withoutICE(encryption: MediaEncryption) throws {
        let story = Story { $0.encryptions = [encryption] }
        try story.negotiate(offer: Self.withoutICE)
        #expect(story.b.state == .connected)
        #expect(story.a.state == .connected)
        expectSound(story, encryption)
        let pair = Statistics.Pair(local: Story.addressA, remote: Story.addressB)
        #expect(story.a.statistics.selectedPair == pair)
    }

    @Test("A secure offer shows three keys, and the answer takes one under its tag (RFC 4568 §5.1.2)") func keys()
        throws
    {
        let story = Story { $0.encryptions = [.sdes] }
        let offer = story.a.createOffer(at: story.now)
        #expect(offer.contains(" RTP/SAVP "))
        #expect(offer.matches(of: /a=crypto:/).count == 3)
        let second = offer.split(separator: "\r\n").filter { !$0.hasPrefix("a=crypto:1 ") }.joined(separator: "\r\n")
        let (answer, _) = try story.b.createAnswer(toOffer: second + "\r\n", at: story.now)
        #expect(answer.contains("a=crypto:2 AEAD_AES_128_GCM inline:"))
        #expect(answer.matches(of: /a=crypto:/).count == 1)
        #expect(!answer.contains("fingerprint"))
    }

    @Test(
        "An answer with another key than was offered, or none, is refused (RFC 4568 §5.1.3)",
        arguments: [
            ("a=crypto:1 ", "a=crypto:4 "), ("AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"), ("a=crypto", "a=x"),
            ("RTP/SAVP", "RTP/AVP"),
        ])
    func foreignKey(part: String, replacement: String) throws {
        let story = Story { $0.encryptions = [.sdes] }
        #expect(throws: Refusal.self) { try story.negotiate(answer: { $0.replacing(part, with: replacement) }) }
        #expect(story.a.state == .new)
    }

    @Test("A hold and its end repeat our key; sound goes on over the same SRTP (RFC 4568 §7.1.4)") func hold() throws {
        let story = try Self.connected([.sdes], offer: Self.withoutICE)
        story.talk(frames: 10)
        let answers = try ["a=sendonly", "a=sendrecv"].map { direction in
            try story.reoffer { Self.withoutICE($0).replacing("a=sendrecv", with: direction) }
        }
        let keys = answers.map { $0.split(separator: "\r\n").filter { $0.hasPrefix("a=crypto") } }
        #expect(keys[0] == keys[1])
        #expect(keys[0].count == 1)
        let received = story.b.statistics.packetsReceived
        story.talk(frames: 10)
        #expect(story.b.statistics.packetsReceived == received + 10)
        #expect(story.b.statistics.packetsDropped == 0)
    }

    @Test("Another key of the peer's is answered with another one of ours, and used from then on") func newKey() throws
    {
        let story = try Self.connected([.sdes], offer: Self.withoutICE)
        story.talk(frames: 5)
        let other = "inline:" + Base64.encode([UInt8](repeating: 9, count: 30))
        let first = try story.reoffer { Self.withoutICE($0) }
        let answer = try story.reoffer { Self.withoutICE($0).replacing(/inline:\S+/, with: other) }
        let key = { (text: String) in text.split(separator: "\r\n").first { $0.hasPrefix("a=crypto") } }
        #expect(key(first) != key(answer))
        let received = story.b.statistics.packetsReceived
        story.talk(frames: 5)
        #expect(story.b.statistics.packetsReceived == received)
    }

    @Test("Unencrypted, with ICE, sound and reports are taken from nobody but the peer") func strangers() throws {
        let story = try Self.connected([.plain])
        story.talk(frames: 10)
        let before = story.b.statistics
        let stranger = Endpoint(.v4(0xC633_6401), port: 9_000)
        let sound: [UInt8] = [0x80, 111, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 0x78, 1, 2, 3]
        let goodbye: [UInt8] = [0x80, 201, 0, 1, 1, 2, 3, 4, 0x81, 203, 0, 1, 1, 2, 3, 4]
        for datagram in [sound, goodbye] {
            var datagram = datagram
            var span = datagram.mutableSpan
            #expect(story.b.receive(&span, from: stranger, to: Story.addressB, at: story.now) == [])
        }
        #expect(story.b.statistics.packetsDropped == before.packetsDropped + 2)
        #expect(story.b.statistics.packetsReceived == before.packetsReceived)
        story.talk(frames: 10)
        #expect(story.b.statistics.packetsReceived == before.packetsReceived + 10)
    }

    @Test("Sound from elsewhere is followed once, and once only (RFC 4961)", arguments: [MediaEncryption.sdes, .plain])
    func latch(encryption: MediaEncryption) throws {
        // What a says of itself is not where its packets come from.
        let story = Story { $0.encryptions = [encryption] }
        try story.negotiate(offer: { Self.withoutICE($0).replacing("m=audio 5000", with: "m=audio 5555") })
        #expect(story.b.statistics.selectedPair?.remote == Endpoint(Story.addressA.address, port: 5_555))
        story.talk(frames: 10)
        #expect(story.b.statistics.selectedPair?.remote == Story.addressA)
        #expect(story.a.statistics.packetsReceived > 5)

        let stranger = Endpoint(.v4(0xC633_6401), port: 9_000)
        var packet: [UInt8] = [0x80, 111, 0, 1, 0, 0, 0, 1, 1, 2, 3, 4, 0x78, 1, 2, 3]
        var span = packet.mutableSpan
        let dropped = story.b.statistics.packetsDropped
        #expect(story.b.receive(&span, from: stranger, to: Story.addressB, at: story.now) == [])
        #expect(story.b.statistics.packetsDropped == dropped + 1)
        #expect(story.b.statistics.selectedPair?.remote == Story.addressA)
    }

    @Test("RTCP goes to its own port, and is followed where it comes from (RFC 3605)") func reports() throws {
        let story = Story { $0.encryptions = [.plain] }
        var reports: [Endpoint] = []
        story.rule = { datagram, _ in
            if PacketKind(datagram.bytes.span) == .rtcp, datagram.from == Story.addressB { reports.append(datagram.to) }
            return true
        }
        try story.negotiate(offer: Self.withoutICE)
        story.close(.b)
        #expect(reports == [Endpoint(Story.addressA.address, port: 5_001)])
    }

    /// Two who have talked for long enough to know one another's reports, and of whom one then says nothing more.
    private func deserted(
        offer: (String) -> String = Self.withoutICE, reports: Bool = true,
        before change: (Story) throws -> Void = { _ in },
        silences: @escaping (PacketKind?) -> Bool = { _ in true }
    ) throws -> Story {
        let story = Story { $0.encryptions = [.plain] }
        if !reports { story.rule = { datagram, _ in PacketKind(datagram.bytes.span) != .rtcp } }
        try story.negotiate(offer: offer)
        story.talk(frames: 1_000)
        try change(story)
        let rule = story.rule
        story.rule = { datagram, media in
            rule(datagram, media) && (datagram.from != Story.addressA || !silences(PacketKind(datagram.bytes.span)))
        }
        story.talk(frames: 1_400)
        #expect(story.b.state == .connected)
        story.talk(frames: 1_000)
        return story
    }

    @Test("Without ICE, who is neither heard nor reports for half a minute is gone (RFC 3550 §6.3.5)") func vanishes()
        throws
    {
        let story = try deserted()
        #expect(story.events[.b]?.last == .stateChanged(.failed(.consentLost)))
        #expect(story.a.state == .connected)
    }

    @Test("Who still reports is there, and so is who still speaks", arguments: [PacketKind.rtp, .rtcp])
    func staysInPart(silenced: PacketKind) throws {
        let story = try deserted(silences: { $0 == silenced })
        #expect(story.b.state == .connected)
    }

    @Test("Who has never reported may be silent for as long as it likes") func neverReports() throws {
        #expect(try deserted(reports: false).b.state == .connected)
    }

    @Test("Who holds the call, or is held, may be silent, and need not report", arguments: ["sendonly", "recvonly"])
    func holds(direction: String) throws {
        let story = try deserted(before: { story in
            _ = try story.renegotiate { Self.withoutICE($0).replacing("a=sendrecv", with: "a=\(direction)") }
            story.talk(frames: 1_000)
        })
        #expect(story.b.state == .connected)
    }

    @Test("After another offer there may be another peer, who has yet to report") func anotherOffer() throws {
        let story = try deserted(before: { story in _ = try story.renegotiate(Self.withoutICE) })
        #expect(story.b.state == .connected)
    }

    @Test("Who has said goodbye to us is not missed: the signalling has to say what follows") func goodbye() throws {
        let story = try deserted(before: {
            $0.close(.a); $0.run(for: .milliseconds(100))
        })
        #expect(story.events[.b]?.last == .endedByPeer)
        #expect(story.b.state == .connected)
    }

    @Test("A call that is offered from another place moves there, and what comes late from the old one changes nothing")
    func moves() throws {
        let story = try Self.connected([.plain], offer: Self.withoutICE)
        story.talk(frames: 5)
        let elsewhere = Endpoint(Story.addressA.address, port: 5_600)
        _ = try story.reoffer { Self.withoutICE($0).replacing("m=audio 5000", with: "m=audio 5600") }
        #expect(story.b.statistics.selectedPair?.remote == elsewhere)
        story.talk(frames: 5)
        #expect(story.b.statistics.selectedPair?.remote == elsewhere)
    }

    @Test("The old way to hold, the address zero, silences us and keeps the path (RFC 3264 §8.4)") func zero() throws {
        let story = try Self.connected([.plain], offer: Self.withoutICE)
        story.talk(frames: 5)
        let answer = try story.reoffer { Self.withoutICE($0).replacing("c=IN IP4 192.0.2.1", with: "c=IN IP4 0.0.0.0") }
        #expect(answer.contains("a=recvonly\r\n"))
        let sent = story.b.statistics.packetsSent
        story.talk(frames: 5)
        #expect(story.b.statistics.packetsSent == sent)
        #expect(story.b.statistics.selectedPair?.remote == Story.addressA)
        _ = try story.reoffer(Self.withoutICE)
        story.talk(frames: 5)
        #expect(story.b.statistics.packetsSent == sent + 5)
    }

    @Test("An offer of ours that is answered without ICE goes without it from then on") func answeredWithoutICE() throws
    {
        let story = try Self.connected([.plain], answer: Self.withoutICE)
        #expect(story.a.state == .connected)
        let offer = story.a.createOffer(at: story.now)
        #expect(!offer.contains("a=ice"))
        #expect(!offer.contains("a=candidate"))
        #expect(!offer.contains("a=rtcp-mux"))
        #expect(offer.contains("m=audio 5000 RTP/AVP "))
    }

    @Test("Each suite protects sound both ways (RFC 7714)", arguments: zip([1, 2, 3], SRTPProfile.allCases))
    func suites(tag: Int, profile: SRTPProfile) throws {
        let story = try Self.connected(
            [.sdes],
            offer: { offer in
                let lines = offer.split(separator: "\r\n")
                let left = lines.filter { !$0.hasPrefix("a=crypto:") || $0.hasPrefix("a=crypto:\(tag) ") }
                return left.joined(separator: "\r\n") + "\r\n"
            })
        story.talk(frames: 10)
        for statistics in [story.a.statistics, story.b.statistics] {
            #expect(statistics.srtpProfile == profile)
            #expect(statistics.packetsReceived == 10)
        }
    }

    @Test("Other addresses of ours are offered to a peer without ICE, and used from then on") func ourMove() throws {
        let story = try Self.connected([.sdes], offer: Self.withoutICE, answer: Self.withoutICE)
        story.talk(frames: 5)
        let elsewhere = Endpoint(Story.addressA.address, port: 5_050)
        story.a.restart(hostAddresses: [elsewhere])
        let offer = story.a.createOffer(at: story.now)
        #expect(offer.contains("m=audio 5050 RTP/SAVP "))
        let (answer, outputs) = try story.b.createAnswer(toOffer: offer, at: story.now)
        story.perform(outputs, of: .b)
        story.perform(try story.a.acceptAnswer(answer, at: story.now), of: .a)
        let pair = Statistics.Pair(local: elsewhere, remote: Story.addressB)
        #expect(story.a.statistics.selectedPair == pair)
        let (a, b) = (story.a.statistics.packetsReceived, story.b.statistics.packetsReceived)
        story.talk(frames: 5)
        #expect(story.a.statistics.packetsReceived == a + 5)
        #expect(story.b.statistics.packetsReceived == b + 5)
    }

    @Test(
        "A call may be moved from a peer with DTLS to one without; with ICE, once it has found a path",
        arguments: [false, true])
    func otherProtection(keepsICE: Bool) throws {
        let story = Story { $0.encryptions = Set(MediaEncryption.allCases) }
        try story.negotiate()
        story.run(for: .milliseconds(200))
        #expect(story.b.statistics.encryption == .dtls)
        let plain = Story { $0.encryptions = [.plain] }
        let other = plain.a.createOffer(at: plain.now).replacing("a=ice-ufrag:", with: "a=ice-ufrag:another")
        let (answer, outputs) = try story.b.createAnswer(
            toOffer: keepsICE ? other : Self.withoutICE(other), at: story.now)
        story.perform(outputs, of: .b)
        plain.perform(try plain.a.acceptAnswer(keepsICE ? answer : Self.withoutICE(answer), at: plain.now), of: .a)
        #expect(story.b.state == .connected)
        guard !keepsICE else { return #expect(story.b.statistics.encryption == .dtls) }
        #expect(story.b.statistics.encryption == .plain)
        #expect(story.b.statistics.selectedPair?.remote == Story.addressA)
        #expect(plain.a.state == .connected)
    }
}
