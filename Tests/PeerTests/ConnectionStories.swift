import Crypto
import Media
import Peer
import Testing
import Wire

@Suite("Peer connections") struct ConnectionStories {
    private static let opus = {
        var opus = NegotiatedAudio(
            codec: .opus, payloadType: 111, telephoneEventPayloadType: 110, sends: true, receives: true)
        opus.wishes.forwardErrorCorrection = true
        return opus
    }()

    private func connected(
        _ local: Endpoint, _ remote: Endpoint, _ role: Statistics.DTLSRole
    ) -> [PeerConnection.Output] {
        [
            .negotiated(Self.opus), .stateChanged(.connecting),
            .diagnostic(.selectedPair(local: local, remote: remote)),
            .diagnostic(.srtpReady(.aeadAES128GCM, role)), .stateChanged(.connected),
        ]
    }

    @Test(
        "Offer, answer, ICE and DTLS in either role lead to keys (RFC 8829 §5, RFC 5763 §5)",
        arguments: [
            ("actpass", Statistics.DTLSRole.server, Statistics.DTLSRole.client), ("passive", .server, .client),
            ("active", .client, .server),
        ])
    func connects(setup: String, roleA: Statistics.DTLSRole, roleB: Statistics.DTLSRole) throws {
        let story = Story()
        try story.negotiate(offer: { $0.replacing("a=setup:actpass", with: "a=setup:\(setup)") })
        story.run(for: .milliseconds(200))
        #expect(story.events[.a] == connected(Story.addressA, Story.addressB, roleA))
        #expect(story.events[.b] == connected(Story.addressB, Story.addressA, roleB))
    }

    @Test("Checks and a ClientHello that overtake the answer are not lost (RFC 8445 §7.3)") func slowAnswer() throws {
        let story = Story()
        try story.negotiate(answerTakes: .milliseconds(300))
        story.run(for: .milliseconds(200))
        #expect(story.a.state == .connected)
        #expect(story.b.state == .connected)
    }

    @Test("Every payload arrives, in order, in both directions (RFC 3550 §5.1)") func speech() throws {
        let story = Story()
        try story.negotiate()
        story.run(for: .milliseconds(200))
        story.talk(frames: 500)
        for (listener, speaker) in [(Story.Side.a, Story.Side.b), (.b, .a)] {
            let played = story.played[listener] ?? []
            #expect(played.count >= 495)
            #expect(played == (0..<played.count).map { .frame(Story.opus(speaker, $0)) })
        }
        let statistics = story.a.statistics
        #expect(statistics.packetsSent == 500)
        #expect(statistics.bytesSent == 2_000)
        #expect(statistics.packetsReceived == 500)
        #expect(statistics.bytesReceived == 2_000)
        #expect(statistics.packetsLost == 0)
        #expect(statistics.packetsDropped == 0)
        #expect(statistics.jitter == .zero)
        #expect(statistics.codec == .opus)
        #expect(statistics.srtpProfile == .aeadAES128GCM)
        #expect(statistics.selectedPair == .init(local: Story.addressA, remote: Story.addressB))
    }

    @Test("Lost packets are concealed and counted on both sides (RFC 3550 §6.4.1)") func loss() throws {
        let story = Story()
        try story.negotiate()
        story.run(for: .milliseconds(200))
        // Every tenth frame of a is lost: its packets have the odd numbers.
        story.rule = { _, media in media.map { $0 % 20 != 9 } ?? true }
        story.talk(frames: 1_000)
        let missing = story.played[.b, default: []].count { $0 == .missing(samples: 960) }
        #expect((98...100).contains(missing))
        #expect(story.played[.a, default: []].allSatisfy { if case .frame = $0 { true } else { false } })
        #expect(story.b.statistics.packetsLost == 100)
        #expect((50...100).contains(try #require(story.a.statistics.remotePacketsLost)))
        #expect(story.b.statistics.remotePacketsLost == 0)
    }

    @Test("Reports measure the round trip (RFC 3550 §6.4.1)") func roundTrip() throws {
        let story = Story()
        try story.negotiate()
        story.run(for: .milliseconds(200))
        story.talk(frames: 1_000)
        for roundTrip in [story.a.statistics.roundTripTime, story.b.statistics.roundTripTime] {
            let milliseconds = try #require(roundTrip).nanoseconds / 1_000_000
            #expect((19...20).contains(milliseconds))
        }
    }

    @Test("G.711 is agreed on where Opus is not to be had (RFC 3264 §6.1)") func pcmu() throws {
        let story = Story(codecsB: [.pcmu])
        try story.negotiate()
        story.run(for: .milliseconds(200))
        let agreed = NegotiatedAudio(
            codec: .pcmu, payloadType: 0, telephoneEventPayloadType: 126, sends: true, receives: true)
        #expect(story.a.negotiated == agreed)
        #expect(story.b.negotiated == agreed)
        story.talk(frames: 50, samples: 160) { _, number in [UInt8](repeating: UInt8(number), count: 160) }
        #expect(story.played[.a]?.first == .frame([UInt8](repeating: 0, count: 160)))
        #expect(story.played[.b, default: []].count >= 45)
    }

    @Test("G.722 counts 160 ticks for 20 ms, as G.711 does (RFC 3551 §4.5.2)") func g722() throws {
        let story = Story(codecsA: [.g722, .pcmu], codecsB: [.opus, .g722])
        try story.negotiate()
        story.run(for: .milliseconds(200))
        #expect(story.b.negotiated?.codec == .g722)
        #expect(story.b.negotiated?.payloadType == 9)
        story.talk(frames: 50, samples: 160) { _, number in [UInt8](repeating: UInt8(number), count: 160) }
        #expect(story.played[.a]?.first == .frame([UInt8](repeating: 0, count: 160)))
        #expect(story.played[.b, default: []].count >= 45)
        #expect(story.played[.b, default: []].allSatisfy { if case .frame = $0 { true } else { false } })
    }

    @Test("A flight of the handshake that is lost is sent again 100 ms later, on the clock handed in (RFC 6347 §4.2.4)")
    func lostFlight() throws {
        let story = Story()
        var handshakes = 0
        story.rule = { datagram, _ in
            guard PacketKind(datagram.bytes.span) == .dtls else { return true }
            handshakes += 1
            return handshakes != 1
        }
        try story.negotiate()
        story.run(for: .milliseconds(130))
        #expect(story.b.state == .connecting)
        story.run(for: .milliseconds(70))
        #expect(story.a.state == .connected)
        #expect(story.b.state == .connected)
    }

    @Test("A certificate that is not the promised one ends the connection (RFC 8122 §6.2)")
    func wrongFingerprint() throws {
        let story = Story()
        let other = Certificate.selfSigned().fingerprint
        try story.negotiate(offer: { offer in
            offer.split(separator: "\r\n").map {
                $0.hasPrefix("a=fingerprint") ? "a=fingerprint:\(other)" : String($0)
            }.joined(separator: "\r\n") + "\r\n"
        })
        story.run(for: .seconds(1))
        #expect(story.events[.b]?.last == .stateChanged(.failed(.fingerprintMismatch)))
        #expect(story.b.deadline == nil)
        #expect(story.b.statistics.srtpProfile == nil)
        // The server of a DTLS handshake is done one flight before the client.
        #expect(story.events[.a]?.suffix(2) == [.stateChanged(.connected), .endedByPeer])
        story.talk(frames: 5)
        #expect(story.b.statistics.packetsSent == 0)
        #expect(story.played[.b] == [])
    }

    @Test("A dead path is a failure after 23.5 seconds (RFC 8863 §4)") func deadPath() throws {
        let story = Story()
        story.rule = { _, _ in false }
        try story.negotiate()
        story.run(for: .seconds(23))
        #expect(story.a.state == .connecting)
        story.run(for: .seconds(1))
        #expect(story.events[.a]?.last == .stateChanged(.failed(.noPath)))
        #expect(story.events[.b]?.last == .stateChanged(.failed(.noPath)))
        #expect(story.a.deadline == nil)
    }

    @Test("A peer that checks but never shakes hands is a failure after twenty seconds") func noHandshake() throws {
        let story = Story()
        story.rule = { datagram, _ in PacketKind(datagram.bytes.span) != .dtls }
        try story.negotiate()
        story.run(for: .seconds(19))
        #expect(story.a.state == .connecting)
        #expect(story.b.state == .connecting)
        story.run(for: .seconds(2))
        #expect(story.a.state == .failed(.dtls))
        #expect(story.b.state == .failed(.dtls))
    }

    @Test("A path that dies later is a failure when consent expires (RFC 7675 §5.1)") func consentLost() throws {
        let story = Story()
        try story.negotiate()
        story.run(for: .seconds(1))
        story.rule = { _, _ in false }
        story.run(for: .seconds(31))
        #expect(story.events[.a]?.last == .stateChanged(.failed(.consentLost)))
        #expect(story.events[.b]?.last == .stateChanged(.failed(.consentLost)))
    }

    @Test("Closing says goodbye once, and afterwards nothing has a meaning (RFC 3550 §6.6, RFC 5246 §7.2.1)")
    func close() throws {
        let story = Story()
        try story.negotiate()
        story.run(for: .milliseconds(200))
        story.talk(frames: 10)
        story.close(.a)
        #expect(story.datagrams.map { PacketKind($0.bytes.span) }.suffix(2) == [.rtcp, .dtls])
        story.close(.a)
        story.run(for: .seconds(1))
        #expect(story.events[.a]?.last == .stateChanged(.closed))
        #expect(story.events[.b]?.suffix(1) == [.endedByPeer])
        #expect(story.events[.b]?.count { $0 == .endedByPeer } == 1)
        #expect(story.a.deadline == nil)
        story.inject([0x16, 0xFE, 0xFD], to: .a)
        story.run(for: .seconds(1))
        #expect(story.events[.a]?.last == .stateChanged(.closed))
        #expect(throws: Refusal.wrongState) {
            try story.a.createAnswer(toOffer: "v=0", at: story.now)
        }
    }

    @Test("Damaged copies of all that is sent change nothing") func damage() throws {
        let story = Story()
        try story.negotiate()
        story.run(for: .milliseconds(200))
        var dice = Randomness.seeded(3)
        story.rule = { [unowned story] datagram, _ in
            var bytes = datagram.bytes
            for _ in 0..<3 { bytes[Int(dice.next() % UInt64(bytes.count))] ^= UInt8(1 << (dice.next() % 8)) }
            let count = Int(dice.next() % UInt64(bytes.count + 1))
            story.inject(bytes, to: datagram.to == Story.addressA ? .a : .b)
            story.inject(Array(datagram.bytes[..<count]), to: datagram.to == Story.addressA ? .a : .b)
            return true
        }
        story.talk(frames: 1_000)
        #expect(story.a.state == .connected)
        #expect(story.b.state == .connected)
        #expect(story.a.statistics.packetsReceived == 1_000)
        #expect(story.b.statistics.packetsReceived == 1_000)
        #expect(story.played[.a, default: []].allSatisfy { if case .frame = $0 { true } else { false } })
    }

    @Test("Garbage, media before the keys and forged media are dropped and counted (RFC 7983 §7)")
    func dropped() throws {
        let story = Story()
        let media: [UInt8] = [0x80, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9] + [UInt8](repeating: 0, count: 40)
        let report: [UInt8] = [0x80, 201, 0, 1, 0, 0, 0, 9] + [UInt8](repeating: 0, count: 40)
        try story.negotiate()
        for bytes in [media, report, [], [0x80], [0xFF, 0xFF], [0x40, 0, 0, 0]] { story.inject(bytes, to: .a) }
        story.run(for: .milliseconds(1))
        #expect(story.a.statistics.packetsDropped == 6)
        story.run(for: .milliseconds(200))
        for bytes in [media, report] { story.inject(bytes, to: .a) }
        story.run(for: .milliseconds(1))
        #expect(story.a.statistics.packetsDropped == 8)
        #expect(story.a.state == .connected)
        #expect(story.a.statistics.packetsReceived == 0)
    }
}
