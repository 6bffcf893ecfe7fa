import SDP
import Testing
import Wire

@Suite("Offer and answer") struct OfferAnswerTests {
    private static let supported: [AudioFormat] = [.opus, .pcmu, .pcma]
    private static let ice = ICEDescription(
        ufrag: "uuuu", password: Redacted("pppppppppppppppppppppp"),
        candidates: [
            CandidateAttribute(
                foundation: "1", priority: 2_130_706_431, address: .ip(.v4(0xC000_0201)), port: 5_000, kind: .host)
        ])
    private static let origin = Origin(sessionID: 1, sessionVersion: 2)

    private func offer(_ text: String) throws -> AudioDescription {
        try AudioDescription(offeredIn: try SessionDescription(parsing: text))
    }

    private func answer(
        to text: String, supporting: [AudioFormat] = supported, order: AudioDescription.FormatOrder = .offered,
        hasExtras: Bool = false
    ) throws -> String {
        let session = try SessionDescription(parsing: text)
        let answer = try AudioDescription(offeredIn: session).answer(
            supporting: supporting, hasAudioLevel: hasExtras, isReducedSize: hasExtras, order: order,
            fingerprint: "sha-256 00:FF", ice: Self.ice,
            source: Source(ssrc: 7, cname: "me"))
        return answer.answer(to: session, origin: Self.origin).text
    }

    @Test("An offer has all that a browser needs (RFC 8829 §5.2.1)") func offerText() {
        let offer = AudioDescription(
            formats: Self.supported + [48_000, 8_000].compactMap(AudioFormat.telephoneEvent), setup: .actpass,
            fingerprints: ["sha-256 00:FF"], ice: Self.ice, source: nil)
        #expect(
            offer.offer(origin: Self.origin).text
                == """
                v=0
                o=- 1 2 IN IP4 127.0.0.1
                s=-
                t=0 0
                a=group:BUNDLE 0
                a=ice-options:ice2
                m=audio 5000 UDP/TLS/RTP/SAVPF 111 0 8 110 126
                c=IN IP4 192.0.2.1
                a=mid:0
                a=rtcp:5000 IN IP4 192.0.2.1
                a=rtcp-mux
                a=sendrecv
                a=rtpmap:111 opus/48000/2
                a=fmtp:111 minptime=10;useinbandfec=1
                a=rtpmap:0 PCMU/8000
                a=rtpmap:8 PCMA/8000
                a=rtpmap:110 telephone-event/48000
                a=fmtp:110 0-15
                a=rtpmap:126 telephone-event/8000
                a=fmtp:126 0-15
                a=ptime:20
                a=setup:actpass
                a=fingerprint:sha-256 00:FF
                a=ice-ufrag:uuuu
                a=ice-pwd:pppppppppppppppppppppp
                a=candidate:1 1 UDP 2130706431 192.0.2.1 5000 typ host
                a=end-of-candidates

                """.crlf)
    }

    @Test("Chromium gets Opus under its own payload type, and no data channel (RFC 3264 §6)")
    func chromium() throws {
        #expect(
            try answer(to: Sample.chromium)
                == """
                v=0
                o=- 1 2 IN IP4 127.0.0.1
                s=-
                t=0 0
                a=group:BUNDLE 0
                a=ice-options:ice2
                m=audio 5000 UDP/TLS/RTP/SAVPF 111 110
                c=IN IP4 192.0.2.1
                a=mid:0
                a=rtcp:5000 IN IP4 192.0.2.1
                a=rtcp-mux
                a=sendrecv
                a=rtpmap:111 opus/48000/2
                a=fmtp:111 minptime=10;useinbandfec=1
                a=rtpmap:110 telephone-event/48000
                a=fmtp:110 0-15
                a=ptime:20
                a=setup:active
                a=fingerprint:sha-256 00:FF
                a=ice-ufrag:uuuu
                a=ice-pwd:pppppppppppppppppppppp
                a=candidate:1 1 UDP 2130706431 192.0.2.1 5000 typ host
                a=end-of-candidates
                a=msid:- audio
                a=ssrc:7 cname:me
                m=application 0 UDP/DTLS/SCTP webrtc-datachannel
                c=IN IP4 0.0.0.0
                a=mid:1
                a=inactive

                """.crlf)
    }

    @Test("Repetition, loss requests, short reports and the audio level are taken where both have them")
    func extras() throws {
        let offer = Sample.chromium.replacing("a=rtcp-fb:111 transport-cc\n", with: "a=rtcp-fb:111 nack\n")
        var opus = AudioFormat.opus
        opus.hasNACK = true
        let supported = [opus, .redundancy(of: opus)]
        let rich = try answer(to: offer, supporting: supported, hasExtras: true)
        #expect(rich.contains("m=audio 5000 UDP/TLS/RTP/SAVPF 111 63 110\r\n"))
        for line in [
            "rtcp-rsize", "rtcp-fb:111 nack", "extmap:1 \(AudioDescription.audioLevelExtension)",
            "rtpmap:63 red/48000/2", "fmtp:63 111/111",
        ] {
            #expect(rich.contains("a=\(line)\r\n"))
        }
        let first = try answer(
            to: offer.replacing("SAVPF 111 63", with: "SAVPF 63 111"), supporting: supported, hasExtras: true)
        #expect(first.contains("m=audio 5000 UDP/TLS/RTP/SAVPF 63 111 110\r\n"))
        let poor = try answer(to: offer, supporting: [.opus])
        #expect(!poor.contains("nack") && !poor.contains("red/") && !poor.contains("extmap"))
        // Feedback needs a profile that has it (RFC 4585 §4.2).
        let withoutFeedback = offer.replacing("SAVPF", with: "SAVP")
        #expect(!(try answer(to: withoutFeedback, supporting: [opus]).contains("nack")))
    }

    @Test(
        "The value of a format's parameter, however it is written (RFC 8866 §6.15)",
        arguments: [
            ("useinbandfec=1", "1"), ("minptime=10; UseInbandFEC=0", "0"), ("xuseinbandfec=1", nil), (nil, nil),
        ] as [(String?, String?)])
    func parameters(text: String?, value: String?) {
        var format = AudioFormat.opus
        format.parameters = text
        #expect(format.parameter("useinbandfec").map(String.init) == value)
    }

    @Test("All of Chromium's offer is understood") func chromiumOffer() throws {
        let offer = try offer(Sample.chromium)
        #expect(offer.formats.map(\.payloadType) == [111, 63, 9, 0, 8, 13, 110, 126])
        #expect(offer.formats.first == .opus)
        #expect(offer.isBundled)
        #expect(offer.setup == .actpass)
        #expect(offer.ice?.ufrag == "5l+Y")
        #expect(offer.ice?.options == ["trickle"])
        #expect(offer.ice?.isLite == false)
        #expect(offer.ice?.endOfCandidates == false)
        #expect(
            offer.ice?.candidates.map { $0.endpoint?.description } == [
                "192.0.2.7:52811", "[2001:db8::7]:52812", nil, nil, "198.51.100.4:52811",
            ])
        #expect(offer.source == Source(ssrc: 3_735_928_559, cname: "hkdk4zqTxsMTxIyL"))
    }

    @Test("Firefox holds, with its fingerprint at session level (RFC 3264 §8.4)") func firefox() throws {
        let offer = try offer(Sample.firefox)
        #expect(offer.direction == .sendonly)
        #expect(offer.fingerprints == ["sha-256 \(Sample.fingerprint)"])
        #expect(offer.ice?.endOfCandidates == true)
        let answer = try answer(to: Sample.firefox)
        // Its telephone-event has another clock rate than Opus, and is left out (RFC 4733 §2.1).
        #expect(answer.contains("m=audio 5000 UDP/TLS/RTP/SAVPF 109\r\n"))
        #expect(answer.contains("a=recvonly\r\n"))
    }

    @Test("aiortc names its fingerprint in several hashes (RFC 8122 §5)") func aiortc() throws {
        let offer = try offer(Sample.aiortc)
        #expect(offer.fingerprints.count == 2)
        #expect(offer.ice?.candidates.map(\.endpoint) == [Endpoint(.loopback4, port: 40_404)])
        #expect(try answer(to: Sample.aiortc).contains("m=audio 5000 UDP/TLS/RTP/SAVPF 96\r\n"))
    }

    @Test("rtpengine's first codec is taken, or ours if that is preferred (RFC 3264 §6.1)") func rtpengine() throws {
        let offer = try offer(Sample.rtpengine)
        #expect(offer.maximumPacketTime == 150)
        #expect(offer.mid == nil)
        let answer = try answer(to: Sample.rtpengine)
        #expect(answer.contains("m=audio 5000 UDP/TLS/RTP/SAVPF 8 101\r\n"))
        #expect(answer.contains("a=setup:active\r\n"))
        #expect(!answer.contains("BUNDLE") && !answer.contains("a=mid"))
        #expect(try self.answer(to: Sample.rtpengine, order: .own).contains("SAVPF 0 101\r\n"))
    }

    @Test(
        "The answer takes the other part of the direction and of the setup (RFC 3264 §6.1, RFC 4145 §4)",
        arguments: [
            ("sendrecv", "sendrecv"), ("sendonly", "recvonly"), ("recvonly", "sendonly"), ("inactive", "inactive"),
        ], [("actpass", "active"), ("active", "passive"), ("passive", "active")])
    func complement(direction: (String, String), setup: (String, String)) throws {
        let offer = Sample.aiortc.replacing("a=sendrecv", with: "a=\(direction.0)")
            .replacing("a=setup:actpass", with: "a=setup:\(setup.0)")
        let answer = try answer(to: offer)
        #expect(answer.contains("a=\(direction.1)\r\n"))
        #expect(answer.contains("a=setup:\(setup.1)\r\n"))
    }

    @Test("An answer is read by the one who offered (RFC 8829 §5.11)") func readAnswer() throws {
        let text = try answer(to: Sample.chromium)
        let answer = try AudioDescription(answeredIn: try SessionDescription(parsing: text))
        #expect(answer.setup == .active)
        #expect(answer.formats == [.opus, try #require(AudioFormat.telephoneEvent(clockRate: 48_000))])
        #expect(answer.source == Source(ssrc: 7, cname: "me"))
        let rejected = text.replacing("m=audio 5000", with: "m=audio 0")
        #expect(throws: AudioDescription.Refusal.noAudioSection) {
            try AudioDescription(answeredIn: try SessionDescription(parsing: rejected))
        }
    }

    @Test("Audio that only shares the transport of the first section takes its attributes (RFC 9143 §7.1.3)")
    func bundleOnly() throws {
        let text = """
            v=0
            o=- 1 1 IN IP4 127.0.0.1
            s=-
            c=IN IP4 0.0.0.0
            t=0 0
            a=group:BUNDLE v a
            m=video 9 UDP/TLS/RTP/SAVPF 96
            a=mid:v
            a=ice-ufrag:vvvv
            a=ice-pwd:vvvvvvvvvvvvvvvvvvvvvv
            a=fingerprint:sha-256 00
            a=setup:actpass
            a=rtcp-mux
            m=audio 0 UDP/TLS/RTP/SAVPF 0
            a=mid:a
            a=bundle-only

            """
        let offer = try offer(text)
        #expect(offer.sectionIndex == 1)
        #expect(offer.ice?.ufrag == "vvvv")
        let answer = try answer(to: text)
        #expect(answer.contains("a=group:BUNDLE a\r\n"))
        #expect(answer.contains("m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"))
        #expect(answer.contains("m=audio 5000 UDP/TLS/RTP/SAVPF 0\r\n"))
    }

    @Test(
        "What cannot be used is refused for its reason",
        arguments: [
            ("m=audio 40404", "m=video 40404", .noAudioSection), ("m=audio 40404", "m=audio 0", .noAudioSection),
            ("UDP/TLS/RTP/SAVPF", "RTP/AVP", .transportNotSecure),
            ("UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF", .transportNotSecure),
            ("a=fingerprint:", "a=crypto:", .keysInDescription), ("a=fingerprint:", "a=forgotten:", .noFingerprint),
            ("a=ice-ufrag:Zk9q", "a=x", .noICECredentials),
            ("a=ice-pwd:dkEr9", "a=ice-pwd:", .noICECredentials), ("a=rtcp-mux", "a=x", .noRTCPMultiplexing),
            ("a=setup:actpass", "a=setup:holdconn", .noDTLSRole),
        ] as [(String, String, AudioDescription.Refusal)])
    func refused(part: String, replacement: String, refusal: AudioDescription.Refusal) {
        #expect(throws: refusal) { try offer(Sample.aiortc.replacing(part, with: replacement)) }
    }

    @Test("No codec in common is a refusal; Opus in one channel is not Opus (RFC 7587 §7)") func noCommonFormat() {
        #expect(throws: AudioDescription.Refusal.noCommonFormat) {
            try answer(to: Sample.rtpengine, supporting: [.opus])
        }
        #expect(throws: AudioDescription.Refusal.noCommonFormat) {
            try answer(to: Sample.aiortc.replacing("opus/48000/2", with: "opus/48000"), supporting: [.opus])
        }
    }

    @Test("Names of encodings have no case, and static payload types need no rtpmap (RFC 3551 §6)")
    func formats() throws {
        let offer = Sample.aiortc.replacing("a=rtpmap:0 PCMU/8000\n", with: "")
            .replacing("opus/48000", with: "OPUS/48000")
        #expect(try answer(to: offer).contains("SAVPF 96\r\n"))
        #expect(try answer(to: offer, supporting: [.pcmu]).contains("SAVPF 0\r\n"))
    }
}
