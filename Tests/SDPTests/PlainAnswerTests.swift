import SDP
import Testing
import Wire

@Suite("Offers without DTLS") struct PlainAnswerTests {
    private static let key = "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
    private static let crypto = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 \(key)\r\n"
    private static let ice = "a=ice-ufrag:uuuu\r\na=ice-pwd:pppppppppppppppppppppp\r\n"
    private static let dtls = "a=fingerprint:sha-256 00:FF\r\na=setup:actpass\r\na=rtcp-mux\r\n" + ice

    private func session(_ transport: String, _ attributes: String, address: String = "192.0.2.9") throws
        -> SessionDescription
    {
        try SessionDescription(
            parsing: "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 \(address)\r\nt=0 0\r\n"
                + "m=audio 7000 \(transport) 0 101\r\na=rtpmap:101 telephone-event/8000\r\n" + attributes)
    }

    @Test(
        "The best that both sides can do is taken (RFC 8643 §3.1)",
        arguments: [
            ("UDP/TLS/RTP/SAVPF", dtls, [.dtls, .sdes, .plain], .dtls),
            ("RTP/SAVP", dtls + crypto, [.dtls, .sdes], .dtls),
            ("RTP/SAVP", dtls + crypto, [.sdes], .sdes), ("RTP/SAVPF", crypto, [.dtls, .sdes], .sdes),
            ("RTP/SAVP", crypto + "a=fingerprint:sha-256 00:FF\r\n", [.dtls, .sdes], .sdes),
            ("RTP/AVP", "", [.plain], .plain), ("RTP/AVPF", crypto, [.dtls, .plain], .plain),
            ("RTP/AVP", crypto, [.sdes, .plain], .sdes), ("RTP/AVPF", dtls, [.dtls, .plain], .dtls),
        ] as [(String, String, Set<MediaEncryption>, MediaEncryption)])
    func best(transport: String, attributes: String, taken: Set<MediaEncryption>, expected: MediaEncryption) throws {
        #expect(try AudioDescription(offeredIn: session(transport, attributes), taking: taken).encryption == expected)
    }

    @Test(
        "What is not taken is refused, and the reason is what DTLS-SRTP lacks",
        arguments: [
            ("RTP/AVP", "", [.dtls, .sdes], .transportNotSecure), ("RTP/AVP", dtls, [.dtls], .transportNotSecure),
            ("RTP/SAVP", crypto, [.dtls, .plain], .keysInDescription), ("RTP/SAVP", "", [.dtls, .sdes], .noUsableKeys),
            ("UDP/TLS/RTP/SAVPF", crypto, [.dtls, .sdes], .keysInDescription),
            ("UDP/TLS/RTP/SAVPF", dtls, [.sdes, .plain], .dtlsNotTaken), ("RTP/SAVP", dtls, [.sdes], .dtlsNotTaken),
            ("TCP/RTP/AVP", "", [.dtls, .sdes, .plain], .transportNotSecure),
        ] as [(String, String, Set<MediaEncryption>, AudioDescription.Refusal)])
    func refused(
        transport: String, attributes: String, taken: Set<MediaEncryption>, refusal: AudioDescription.Refusal
    ) throws {
        let session = try session(transport, attributes)
        #expect(throws: refusal) { try AudioDescription(offeredIn: session, taking: taken) }
    }

    @Test(
        "RTCP goes one port up, to where it is said, or with the sound (RFC 3550 §11, RFC 3605, RFC 5761)",
        arguments: [
            ("", "192.0.2.9:7001"), ("a=rtcp:9000\r\n", "192.0.2.9:9000"),
            ("a=rtcp:9000 IN IP4 192.0.2.8\r\n", "192.0.2.8:9000"), ("a=rtcp-mux\r\n", "192.0.2.9:7000"),
        ])
    func reports(attributes: String, expected: String) throws {
        let offer = try AudioDescription(offeredIn: session("RTP/AVP", attributes), taking: [.plain])
        #expect(offer.address?.rtp.description == "192.0.2.9:7000")
        #expect(offer.address?.rtcp.description == expected)
        #expect(offer.ice == nil)
    }

    @Test("ICE needs one port for all; without it the offer is one without ICE") func iceWithoutMultiplexing() throws {
        let offer = try AudioDescription(offeredIn: session("RTP/AVP", Self.ice), taking: [.plain])
        #expect(offer.ice == nil)
        let other = try AudioDescription(offeredIn: session("RTP/AVP", Self.ice + "a=rtcp-mux\r\n"), taking: [.plain])
        #expect(other.ice?.ufrag == "uuuu")
        #expect(other.address == nil)
    }

    @Test("The address zero takes no sound (RFC 3264 §8.4), and a name is none") func zero() throws {
        let held = try session("RTP/AVP", "", address: "0.0.0.0")
        #expect(try AudioDescription(offeredIn: held, taking: [.plain]).direction == .sendonly)
        let named = try session("RTP/AVP", "", address: "peer.example")
        #expect(throws: AudioDescription.Refusal.noAddress) { try AudioDescription(offeredIn: named, taking: [.plain]) }
    }

    @Test(
        "An answer with a key has the tag and the profile of the offer, and no ICE that was not offered (RFC 4568 §5.1.2)"
    )
    func answer() throws {
        let session = try session("RTP/SAVP", Self.crypto)
        var answer = try AudioDescription(offeredIn: session, taking: [.sdes]).answer(
            supporting: [.pcmu], fingerprint: "sha-256 00:FF", ice: nil,
            address: MediaAddress(
                rtp: Endpoint(.v4(0xC000_0201), port: 5_000), rtcp: Endpoint(.v4(0xC000_0201), port: 5_000)))
        answer.crypto = [
            CryptoAttribute(tag: 1, suite: .aes128CMSHA1_80, key: Redacted([UInt8](repeating: 0, count: 30)))
        ]
        #expect(
            answer.answer(to: session, origin: Origin(sessionID: 1, sessionVersion: 2)).text
                == """
                v=0
                o=- 1 2 IN IP4 127.0.0.1
                s=-
                t=0 0
                m=audio 5000 RTP/SAVP 0 101
                c=IN IP4 192.0.2.1
                a=rtcp:5000 IN IP4 192.0.2.1
                a=sendrecv
                a=rtpmap:0 PCMU/8000
                a=rtpmap:101 telephone-event/8000
                a=fmtp:101 0-15
                a=ptime:20
                a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA

                """.replacing("\n", with: "\r\n"))
    }
}
