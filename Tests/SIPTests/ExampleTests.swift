import Testing

@testable import SIP

/// The messages of RFC 3261 §24 and RFC 7118 §8 that differ in form, lines unfolded that are folded for print only.
@Suite("Examples of RFC 3261 and RFC 7118")
struct ExampleTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var name: String
        var text: String
        var start: String
        var via: [String]
        var contacts: [String] = []
        var testDescription: String { name }
    }

    @Test("each is read, and read the same after it was written", arguments: all)
    func read(_ example: Example) throws {
        let message = try SIPTests.read(example.text)
        let (start, via, contacts, written) =
            switch message {
            case .request(let it): ("\(it.method) \(it.target)", it.via, it.contacts, it.bytes)
            case .response(let it): ("\(it.status) \(it.reason)", it.via, it.contacts, it.bytes)
            }
        #expect(start == example.start)
        #expect(via.map(\.description) == example.via)
        #expect(contacts.map(\.uri.description) == example.contacts)
        #expect(try SIPTests.read(written) == message)
        let lines = { (text: String) in
            text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init).sorted()
        }
        #expect(
            lines(String(decoding: written, as: UTF8.self))
                == lines(String(decoding: wire(example.text), as: UTF8.self)))
    }

    static let all = [
        Example(
            name: "RFC 3261 §24.1 F1",
            text: """
                REGISTER sip:registrar.biloxi.com SIP/2.0
                Via: SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bKnashds7
                Max-Forwards: 70
                To: Bob <sip:bob@biloxi.com>
                From: Bob <sip:bob@biloxi.com>;tag=456248
                Call-ID: 843817637684230@998sdasdh09
                CSeq: 1826 REGISTER
                Contact: <sip:bob@192.0.2.4>
                Expires: 7200
                Content-Length: 0


                """,
            start: "REGISTER sip:registrar.biloxi.com",
            via: ["SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bKnashds7"], contacts: ["sip:bob@192.0.2.4"]),
        Example(
            name: "RFC 3261 §24.1 F2",
            text: """
                SIP/2.0 200 OK
                Via: SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bKnashds7;received=192.0.2.4
                To: Bob <sip:bob@biloxi.com>;tag=2493k59kd
                From: Bob <sip:bob@biloxi.com>;tag=456248
                Call-ID: 843817637684230@998sdasdh09
                CSeq: 1826 REGISTER
                Contact: <sip:bob@192.0.2.4>
                Expires: 7200
                Content-Length: 0


                """,
            start: "200 OK",
            via: ["SIP/2.0/UDP bobspc.biloxi.com:5060;branch=z9hG4bKnashds7;received=192.0.2.4"],
            contacts: ["sip:bob@192.0.2.4"]),
        Example(
            name: "RFC 3261 §24.2 F4",
            text: """
                INVITE sip:bob@biloxi.com SIP/2.0
                Via: SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1
                Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8;received=192.0.2.1
                Max-Forwards: 69
                To: Bob <sip:bob@biloxi.com>
                From: Alice <sip:alice@atlanta.com>;tag=1928301774
                Call-ID: a84b4c76e66710
                CSeq: 314159 INVITE
                Contact: <sip:alice@pc33.atlanta.com>
                Content-Type: application/sdp
                Content-Length: 142

                (Alice's SDP not shown: in its place one hundred and forty-two bytes of text, which is what a reader of the example has to count up to, or so)
                """,
            start: "INVITE sip:bob@biloxi.com",
            via: [
                "SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1",
                "SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8;received=192.0.2.1",
            ], contacts: ["sip:alice@pc33.atlanta.com"]),
        Example(
            name: "RFC 3261 §24.2 F6",
            text: """
                SIP/2.0 180 Ringing
                Via: SIP/2.0/UDP server10.biloxi.com;branch=z9hG4bK4b43c2ff8.1;received=192.0.2.3
                Via: SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1;received=192.0.2.2
                Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8;received=192.0.2.1
                To: Bob <sip:bob@biloxi.com>;tag=a6c85cf
                From: Alice <sip:alice@atlanta.com>;tag=1928301774
                Call-ID: a84b4c76e66710
                Contact: <sip:bob@192.0.2.4>
                CSeq: 314159 INVITE
                Content-Length: 0


                """,
            start: "180 Ringing",
            via: [
                "SIP/2.0/UDP server10.biloxi.com;branch=z9hG4bK4b43c2ff8.1;received=192.0.2.3",
                "SIP/2.0/UDP bigbox3.site3.atlanta.com;branch=z9hG4bK77ef4c2312983.1;received=192.0.2.2",
                "SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds8;received=192.0.2.1",
            ], contacts: ["sip:bob@192.0.2.4"]),
        Example(
            name: "RFC 3261 §24.2 F12",
            text: """
                ACK sip:bob@192.0.2.4 SIP/2.0
                Via: SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds9
                Max-Forwards: 70
                To: Bob <sip:bob@biloxi.com>;tag=a6c85cf
                From: Alice <sip:alice@atlanta.com>;tag=1928301774
                Call-ID: a84b4c76e66710
                CSeq: 314159 ACK
                Content-Length: 0


                """,
            start: "ACK sip:bob@192.0.2.4", via: ["SIP/2.0/UDP pc33.atlanta.com;branch=z9hG4bKnashds9"]),
        Example(
            name: "RFC 7118 §8.1 F3",
            text: """
                REGISTER sip:proxy.example.com SIP/2.0
                Via: SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bKasudf
                From: sip:alice@example.com;tag=65bnmj.34asd
                To: sip:alice@example.com
                Call-ID: aiuy7k9njasd
                CSeq: 1 REGISTER
                Max-Forwards: 70
                Supported: path, outbound, gruu
                Contact: <sip:alice@df7jal23ls0d.invalid;transport=ws>;reg-id=1;+sip.instance="<urn:uuid:f81-7dec-14a06cf1>"
                Content-Length: 0


                """,
            start: "REGISTER sip:proxy.example.com",
            via: ["SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bKasudf"],
            contacts: ["sip:alice@df7jal23ls0d.invalid;transport=ws"]),
        Example(
            name: "RFC 7118 §8.1 F4",
            text: """
                SIP/2.0 200 OK
                Via: SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bKasudf
                From: sip:alice@example.com;tag=65bnmj.34asd
                To: sip:alice@example.com;tag=12isjljn8
                Call-ID: aiuy7k9njasd
                CSeq: 1 REGISTER
                Supported: outbound, gruu
                Contact: <sip:alice@df7jal23ls0d.invalid;transport=ws>;reg-id=1;+sip.instance="<urn:uuid:f81-7dec-14a06cf1>";pub-gruu="sip:alice@example.com;gr=urn:uuid:f81-7dec-14a06cf1";temp-gruu="sip:87ash54=3dd.98a@example.com;gr";expires=3600
                Content-Length: 0


                """,
            start: "200 OK", via: ["SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bKasudf"],
            contacts: ["sip:alice@df7jal23ls0d.invalid;transport=ws"]),
        Example(
            name: "RFC 7118 §8.2 F3",
            text: """
                INVITE sip:bob@203.0.113.22:5060 SIP/2.0
                Via: SIP/2.0/UDP proxy.example.com;branch=z9hG4bKhjhjqw32c
                Via: SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK56sdasks
                Record-Route: <sip:proxy.example.com;transport=udp;lr>, <sip:h7kjh12s@proxy.example.com:443;transport=ws;lr>
                From: sip:alice@example.com;tag=asdyka899
                To: sip:bob@example.com
                Call-ID: asidkj3ss
                CSeq: 1 INVITE
                Max-Forwards: 69
                Supported: path, outbound, gruu
                Contact: <sip:alice@example.com;gr=urn:uuid:f81-7dec-14a06cf1;ob>
                Content-Type: application/sdp
                Content-Length: 0


                """,
            start: "INVITE sip:bob@203.0.113.22:5060",
            via: [
                "SIP/2.0/UDP proxy.example.com;branch=z9hG4bKhjhjqw32c",
                "SIP/2.0/WSS df7jal23ls0d.invalid;branch=z9hG4bK56sdasks",
            ], contacts: ["sip:alice@example.com;gr=urn:uuid:f81-7dec-14a06cf1;ob"]),
    ]
}
