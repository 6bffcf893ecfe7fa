/// Descriptions as real peers write them, shortened to what matters.
enum Sample {
    static let fingerprint =
        "D2:B9:31:8F:DF:24:D8:0E:ED:D2:EF:25:9E:AF:6F:B8:34:AE:53:9C:E6:F3:8F:F2:64:15:FA:E8:7F:53:2D:38"

    /// Chromium: audio and a data channel, mDNS and IPv6 candidates, `rtcp` at the discard port.
    static let chromium = """
        v=0
        o=- 4611731400430051336 2 IN IP4 127.0.0.1
        s=-
        t=0 0
        a=group:BUNDLE 0 1
        a=extmap-allow-mixed
        a=msid-semantic: WMS 7b0f8a
        m=audio 52811 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
        c=IN IP4 192.0.2.7
        a=rtcp:9 IN IP4 0.0.0.0
        a=candidate:2155173870 1 udp 2122260223 192.0.2.7 52811 typ host generation 0 network-id 1 network-cost 10
        a=candidate:1510613869 1 udp 2122129151 2001:db8::7 52812 typ host generation 0 network-id 2
        a=candidate:3401226181 1 udp 2122063615 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 52813 typ host generation 0
        a=candidate:344579997 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active generation 0
        a=candidate:842163049 1 udp 1677729535 198.51.100.4 52811 typ srflx raddr 192.0.2.7 rport 52811 generation 0
        a=ice-ufrag:5l+Y
        a=ice-pwd:9J5tJ4n0jYDxq1ZyVvkVfwSQ
        a=ice-options:trickle
        a=fingerprint:sha-256 \(fingerprint)
        a=setup:actpass
        a=mid:0
        a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
        a=sendrecv
        a=msid:7b0f8a 3d1c5e
        a=rtcp-mux
        a=rtcp-rsize
        a=rtpmap:111 opus/48000/2
        a=rtcp-fb:111 transport-cc
        a=fmtp:111 minptime=10;useinbandfec=1
        a=rtpmap:63 red/48000/2
        a=fmtp:63 111/111
        a=rtpmap:9 G722/8000
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:13 CN/8000
        a=rtpmap:110 telephone-event/48000
        a=rtpmap:126 telephone-event/8000
        a=ssrc:3735928559 cname:hkdk4zqTxsMTxIyL
        a=ssrc:3735928559 msid:7b0f8a 3d1c5e
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel
        c=IN IP4 0.0.0.0
        a=ice-ufrag:5l+Y
        a=ice-pwd:9J5tJ4n0jYDxq1ZyVvkVfwSQ
        a=fingerprint:sha-256 \(fingerprint)
        a=setup:actpass
        a=mid:1
        a=sctp-port:5000

        """

    /// A telephone with keys in its description, and a port of its own for RTCP.
    static let telephone = """
        v=0
        o=- 3966 1 IN IP4 192.0.2.9
        s=-
        c=IN IP4 192.0.2.9
        t=0 0
        m=audio 40002 RTP/SAVP 8 101
        a=rtpmap:8 PCMA/8000
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-15
        a=rtcp:40003 IN IP4 192.0.2.9
        a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20 WSH=128
        a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj|2^20|1:4
        a=sendrecv
        a=ptime:20

        """

    /// Firefox: the fingerprint at session level, the direction of the whole session, `end-of-candidates`.
    static let firefox = """
        v=0
        o=mozilla...THIS_IS_SDPARTA-99.0 6084853473063221231 0 IN IP4 0.0.0.0
        s=-
        t=0 0
        a=sendrecv
        a=fingerprint:sha-256 \(fingerprint)
        a=group:BUNDLE 0
        a=ice-options:trickle
        a=msid-semantic:WMS *
        m=audio 54321 UDP/TLS/RTP/SAVPF 109 9 0 8 101
        c=IN IP4 192.0.2.8
        a=candidate:0 1 UDP 2122252543 192.0.2.8 54321 typ host
        a=sendonly
        a=end-of-candidates
        a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1
        a=fmtp:101 0-15
        a=ice-pwd:a9b3c2d7e4f1a9b3c2d7e4f1a9b3c2d7
        a=ice-ufrag:1f2e3d4c
        a=mid:0
        a=rtcp-mux
        a=rtpmap:109 opus/48000/2
        a=rtpmap:9 G722/8000/1
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:101 telephone-event/8000
        a=setup:actpass
        a=ssrc:1029384756 cname:{5b2b9a1e-9f0b-4a57-8f0c-d7e0a4d5e1f0}

        """

    /// aiortc: no ICE options, its several fingerprints, both codecs and nothing else.
    static let aiortc = """
        v=0
        o=- 3900000000 3900000000 IN IP4 0.0.0.0
        s=-
        t=0 0
        a=group:BUNDLE 0
        a=msid-semantic:WMS *
        m=audio 40404 UDP/TLS/RTP/SAVPF 96 0 8
        c=IN IP4 127.0.0.1
        a=sendrecv
        a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
        a=mid:0
        a=msid:1c0b 2d3e
        a=rtcp:9 IN IP4 0.0.0.0
        a=rtcp-mux
        a=ssrc:2718281828 cname:f3b0
        a=rtpmap:96 opus/48000/2
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=candidate:6be9a1 1 udp 2130706431 127.0.0.1 40404 typ host
        a=end-of-candidates
        a=ice-ufrag:Zk9q
        a=ice-pwd:dkEr9wXcV5bN2mQ7tY4uL1
        a=fingerprint:sha-256 \(fingerprint)
        a=fingerprint:sha-384 \(fingerprint):00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF
        a=setup:actpass

        """

    /// rtpengine in front of a PBX: lite is off, no BUNDLE, RTCP candidates beside the RTP ones, DTLS passive.
    static let rtpengine = """
        v=0
        o=root 1821283 1821283 IN IP4 192.0.2.30
        s=call
        c=IN IP4 192.0.2.30
        t=0 0
        m=audio 30018 UDP/TLS/RTP/SAVPF 8 0 101
        a=maxptime:150
        a=rtpmap:8 PCMA/8000
        a=rtpmap:0 PCMU/8000
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-16
        a=sendrecv
        a=rtcp:30018
        a=rtcp-mux
        a=setup:passive
        a=fingerprint:sha-256 \(fingerprint)
        a=tls-id:3d7ff4a0b37dc1c5
        a=ptime:20
        a=ice-ufrag:iQ3jfPXg
        a=ice-pwd:q2mkxk7Wmfa1yQ5OmVmTkFBRqA
        a=candidate:2rIYkeoHPGd4x8VF 1 UDP 2130706431 192.0.2.30 30018 typ host
        a=candidate:2rIYkeoHPGd4x8VF 2 UDP 2130706430 192.0.2.30 30019 typ host

        """
}
