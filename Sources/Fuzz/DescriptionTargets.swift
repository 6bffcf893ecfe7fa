import Crypto
import Peer
import SDP
import Wire

extension Target {
    static let description = [
        Target(
            name: "sdp", words: Words.sdp,
            seeds: { ([browserOffer] + MediaEncryption.allCases.map(ownOffer)).map { Array($0.utf8) } },
            check: checkSDP),
        Target(
            name: "sdp-candidate", words: Words.candidate,
            seeds: {
                [
                    Array("2155173870 1 udp 2122260223 192.0.2.7 52811 typ srflx raddr 10.0.0.1 rport 9".utf8),
                    Array("1 1 UDP 1 2001:db8::7 9 typ host generation 0".utf8),
                ]
            }, check: checkCandidate),
    ]

    private static func checkSDP(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let session = try? SessionDescription(parsing: text) else { return }
        expectStable(session.text, session.text) { try SessionDescription(parsing: session.text).text }
        _ = try? AudioDescription(answeredIn: session, taking: Set(MediaEncryption.allCases))
        guard let offer = try? AudioDescription(offeredIn: session, taking: Set(MediaEncryption.allCases)),
            let answer = try? offer.answer(
                supporting: Codec.allCases.map(\.offered), fingerprint: "sha-256 00",
                ice: ICEDescription(ufrag: "ufra", password: Redacted("passwordpasswordpassword")))
        else { return }
        let whole = answer.answer(to: session, origin: Origin(sessionID: 1, sessionVersion: 1))
        expect(whole.media.count == session.media.count, "an answer has a section for each that was offered")
        expectStable(whole.text, whole.text) { try SessionDescription(parsing: whole.text).text }
    }

    private static func checkCandidate(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let candidate = CandidateAttribute(parsing: text) {
            expectStable(candidate, candidate.text) { CandidateAttribute(parsing: candidate.text) }
        }
        _ = CandidateFragment(parsing: text)
        if let fingerprint = Fingerprint(text) {
            expectStable(fingerprint, fingerprint) { Fingerprint(fingerprint.description) }
        }
        if let address = IPAddress(text) {
            expectStable(address, address) { IPAddress(address.description) }
        }
    }

    private static func ownOffer(_ encryption: MediaEncryption) -> String {
        var configuration = PeerConnection.Configuration(certificate: .selfSigned(), cname: "fuzz")
        configuration.encryptions = [encryption]
        var peer = PeerConnection(configuration: configuration, randomness: .seeded(1))
        peer.setHostAddresses([Endpoint(.loopback4, port: 5_000)])
        return peer.createOffer(at: Instant(nanoseconds: 0))
    }

    private static let browserOffer = """
        v=0
        o=- 4611731400430051336 2 IN IP4 127.0.0.1
        s=-
        i=x
        b=AS:64
        t=0 0
        a=group:BUNDLE 0 1
        m=audio 52811/2 UDP/TLS/RTP/SAVPF 111 0 8 110 126
        c=IN IP4 192.0.2.7
        a=candidate:1 1 udp 2122260223 192.0.2.7 52811 typ host generation 0
        a=ice-ufrag:5l+Y
        a=ice-pwd:9J5tJ4n0jYDxq1ZyVvkVfwSQ
        a=fingerprint:sha-256 \(Array(repeating: "D2", count: 32).joined(separator: ":"))
        a=setup:actpass
        a=mid:0
        a=sendrecv
        a=rtcp-mux
        a=rtpmap:111 opus/48000/2
        a=fmtp:111 minptime=10;useinbandfec=1
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:110 telephone-event/48000
        a=rtpmap:126 telephone-event/8000
        a=ssrc:3735928559 cname:hkdk4zqTxsMTxIyL
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel
        c=IN IP6 ::1
        a=setup:actpass
        a=mid:1

        """
}

extension Codec {
    fileprivate var offered: AudioFormat {
        switch self {
        case .opus: AudioFormat(payloadType: 111, encoding: "opus", clockRate: 48_000, channels: 2)
        case .g722: AudioFormat(payloadType: 9, encoding: "G722", clockRate: 8_000)
        case .pcmu: AudioFormat(payloadType: 0, encoding: "PCMU", clockRate: 8_000)
        case .pcma: AudioFormat(payloadType: 8, encoding: "PCMA", clockRate: 8_000)
        }
    }
}

private enum Words {
    static let sdp = [
        "v=0\r\n", "o=- 1 1 IN IP4 127.0.0.1\r\n", "s=-\r\n", "t=0 0\r\n", "c=IN IP6 ::1\r\n", "m=audio 9 ",
        "UDP/TLS/RTP/SAVPF", "a=rtpmap:", "a=fmtp:", "a=fingerprint:sha-256 ", "a=setup:", "actpass", "active",
        "passive", "a=mid:", "a=group:BUNDLE ", "a=ice-ufrag:", "a=ice-pwd:", "a=ice-lite", "a=candidate:",
        "a=sendrecv", "a=sendonly", "a=recvonly", "a=inactive", "a=rtcp-mux", "opus/48000/2", "PCMU/8000",
        "telephone-event/48000", "a=ssrc:", "cname:", "RTP/SAVP", "RTP/AVP", "a=rtcp:", "a=crypto:", " inline:",
        "AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM", "|2^20", "|1:4", "WSH=",
    ]
    static let candidate = [
        " typ ", "host", "srflx", "prflx", "relay", " udp ", " tcp ", "raddr", "rport", "127.0.0.1", "::1", "sha-256 ",
        "sha-512 ", "AB:", "[", "]",
    ]
}
