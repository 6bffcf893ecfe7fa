import Crypto
import Peer
import SDP
import Testing
import Wire

@Suite("Later offers and refusals") struct NegotiationStories {
    private static func connected() throws -> Story {
        let story = Story()
        try story.negotiate()
        story.run(for: .milliseconds(200))
        story.talk(frames: 10)
        return story
    }

    private func held(sends: Bool, receives: Bool) -> NegotiatedAudio {
        var audio = NegotiatedAudio(
            codec: .opus, payloadType: 111, telephoneEventPayloadType: 110, sends: sends, receives: receives)
        audio.wishes.forwardErrorCorrection = true
        return audio
    }

    @Test(
        "A hold is answered over the same transport, and silences who must not send (RFC 3264 §8.4)",
        arguments: [("sendonly", "recvonly", false, true), ("inactive", "inactive", false, false)])
    func hold(offered: String, answered: String, sends: Bool, receives: Bool) throws {
        let story = try Self.connected()
        let first = try story.reoffer { $0 }
        #expect(story.events[.b]?.last == .stateChanged(.connected))
        let answer = try story.reoffer { $0.replacing("a=sendrecv", with: "a=\(offered)") }
        #expect(answer.contains("a=\(answered)\r\n"))
        #expect(answer.contains("a=setup:active\r\n"))
        let transport = ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:", "a=candidate:", "a=ssrc:"]
        for line in first.split(separator: "\r\n") where transport.contains(where: line.hasPrefix) {
            #expect(answer.contains(line))
        }
        #expect(story.events[.b]?.last == .negotiated(held(sends: sends, receives: receives)))

        let sent = story.b.statistics.packetsSent
        story.talk(frames: 10)
        #expect(story.b.statistics.packetsSent == sent)

        _ = try story.reoffer { $0 }
        #expect(story.events[.b]?.last == .negotiated(held(sends: true, receives: true)))
        story.talk(frames: 10)
        #expect(story.b.statistics.packetsSent == sent + 10)
        #expect(story.a.state == .connected)
        #expect(story.b.state == .connected)
    }

    @Test("A description has a newer version than the last only if it says something new (RFC 3264 §8)")
    func version() throws {
        let story = try Self.connected()
        let changes: [(String) -> String] = [
            { $0 }, { $0 }, { $0.replacing("a=sendrecv", with: "a=sendonly") },
            { $0.replacing("a=sendrecv", with: "a=sendonly") },
            { $0 + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\n" }, { $0 },
        ]
        let answers = try changes.map { try SessionDescription(parsing: try story.reoffer($0)) }
        #expect(answers.map(\.origin.sessionVersion) == [0, 0, 1, 1, 2, 3])
        #expect(Set(answers.map(\.origin.sessionID)).count == 1)
    }

    @Test(
        "An offer of ours in mid-call is the last one again, with the same version, unless something is new (RFC 3264 §8)"
    )
    func reoffers() throws {
        let story = try Self.connected()
        var offers: [SessionDescription] = []
        for change in [{ $0 }, { $0 }, { $0.replacing("a=sendrecv", with: "a=sendonly") }, { $0 }]
            as [(String) -> String]
        {
            let offer = story.b.createOffer(at: story.now)
            #expect(offer.contains("a=sendrecv\r\n"))
            #expect(offer.contains("a=setup:actpass\r\n"))
            let (answer, outputs) = try story.a.createAnswer(toOffer: offer, at: story.now)
            story.perform(outputs, of: .a)
            story.perform(try story.b.acceptAnswer(change(answer), at: story.now), of: .b)
            offers.append(try SessionDescription(parsing: offer))
        }
        // The first is new after our answer, in its setup attribute; nothing is after that.
        #expect(offers.map(\.origin.sessionVersion) == [1, 1, 1, 1])
        #expect(Set(offers.map(\.text)).count == 1)
        #expect(story.b.state == .connected)
        story.talk(frames: 10)
        #expect(story.b.statistics.packetsReceived == 20)
    }

    @Test(
        "A later offer that cannot be followed is refused and harms nothing (RFC 3261 §14.2)",
        arguments: [
            ("UDP/TLS/RTP/SAVPF 111 0 8 110 126", "UDP/TLS/RTP/SAVPF 18", Refusal.unusable(.noCommonFormat)),
            (
                "UDP/TLS/RTP/SAVPF 111 0 8 110 126\r\n", "UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:111 PCMA/8000\r\n",
                .unusable(.noCommonFormat)
            ),
            ("UDP/TLS/RTP/SAVPF", "RTP/AVP", .unusable(.transportNotSecure)),
            ("a=fingerprint:sha-256", "a=fingerprint:sha-1", .unusable(.noFingerprint)),
            ("a=setup:actpass", "a=setup:holdconn", .unusable(.noDTLSRole)),
            ("m=audio", "m=video 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\nm=audio", .sessionChanged),
            ("v=0", "v=1", .malformed(.unsupportedVersion)),
        ])
    func refusedLater(part: String, replacement: String, refusal: Refusal) throws {
        let story = try Self.connected()
        #expect(throws: refusal) { try story.reoffer { $0.replacing(part, with: replacement) } }
        story.talk(frames: 10)
        #expect(story.b.state == .connected)
        #expect(story.b.statistics.packetsReceived == 20)
    }

    @Test(
        "A first offer that cannot be used is refused with a Warning, and another may follow (RFC 3261 §20.43)",
        arguments: [
            ("v=0", "v=2", Refusal.malformed(.unsupportedVersion), 399),
            ("m=audio", "m=video", .unusable(.noAudioSection), 304),
            ("UDP/TLS/RTP/SAVPF", "RTP/AVP", .unusable(.transportNotSecure), 302),
            ("UDP/TLS/RTP/SAVPF", "RTP/AVPF", .unusable(.transportNotSecure), 302),
            ("a=fingerprint:", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x a=x:", .unusable(.keysInDescription), 399),
            ("a=fingerprint:sha-256", "a=fingerprint:sha-1", .unusable(.noFingerprint), 399),
            ("a=ice-ufrag", "a=x", .unusable(.noICECredentials), 399),
            ("a=rtcp-mux", "a=x", .unusable(.noRTCPMultiplexing), 399),
            ("opus", "speex", .unusable(.noCommonFormat), 305),
        ])
    func refusedFirst(part: String, replacement: String, refusal: Refusal, warning: Int) throws {
        let story = Story(codecsB: [.opus])
        #expect(throws: refusal) { try story.negotiate(offer: { $0.replacing(part, with: replacement) }) }
        #expect(refusal.warning.code == warning)
        #expect(story.b.state == .new)
        #expect(story.b.deadline == nil)
        try story.negotiate()
        story.run(for: .milliseconds(200))
        #expect(story.b.state == .connected)
    }

    @Test("An answer without an offer, a second answer and an offer against ours are refused") func wrongState() throws
    {
        let story = Story()
        #expect(throws: Refusal.wrongState) { try story.a.acceptAnswer("v=0", at: story.now) }
        let offer = story.a.createOffer(at: story.now)
        #expect(story.a.createOffer(at: story.now) == offer)
        #expect(throws: Refusal.wrongState) {
            try story.a.createAnswer(toOffer: offer, at: story.now)
        }
        try story.negotiate()
        #expect(throws: Refusal.wrongState) { try story.a.acceptAnswer("v=0", at: story.now) }
    }

    @Test("An answer that leaves the DTLS role open is refused (RFC 5763 §5)") func openRole() throws {
        let story = Story()
        #expect(throws: Refusal.unusable(.noDTLSRole)) {
            try story.negotiate(answer: { $0.replacing("a=setup:active", with: "a=setup:actpass") })
        }
    }

    @Test("Candidates that cannot be used are skipped and told (RFC 8839 §5.1)") func skippedCandidates() throws {
        let story = Story()
        let name = "a=candidate:9 1 udp 2113937151 host.example 50000 typ host\r\n"
        try story.negotiate(offer: { $0.replacing("a=end-of-candidates\r\n", with: name) })
        story.run(for: .milliseconds(200))
        #expect(story.events[.b]?.contains(.diagnostic(.skippedCandidates(1))) == true)
        #expect(story.b.state == .connected)
    }
}
