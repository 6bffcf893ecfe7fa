import ICE
import Testing
import Wire

@Suite("STUN messages") struct STUNMessageTests {
    private let transactionID = STUNMessage.TransactionID(high: 1, low: 2)
    private let key = Array("secret".utf8)

    @Test("What is written is read back, whatever the attribute (RFC 8489 §14)") func roundTrip() throws {
        let attributes: [STUNAttribute] = [
            .mappedAddress(Endpoint(.v4(0x7F00_0001), port: 9)), .username("a:b"), .realm("r"), .nonce("n"),
            .errorCode(487, reason: "Role Conflict"), .unknownAttributes([0x7FFF, 0x0003]),
            .xorMappedAddress(Endpoint(.loopback6, port: 65_535)), .priority(UInt32.max), .useCandidate,
            .software("phonebard"), .iceControlled(tieBreaker: .max), .iceControlling(tieBreaker: 0),
            .channelNumber(0x4001), .lifetime(seconds: 600), .xorPeerAddress(Endpoint(.loopback6, port: 7)),
            .xorRelayedAddress(Endpoint(.loopback4, port: 8)), .data([1, 2, 3]), .requestedTransport(17),
            .other(type: 0xC057, value: [1, 2, 3]),
        ]
        for kind in [STUNMessage.Kind.request, .indication, .success, .failure] {
            let message = STUNMessage(kind, method: 0xABC, transactionID: transactionID, attributes: attributes)
            let parsed = try STUNMessage(parsing: message.encoded(key: key).span)
            #expect(parsed.kind == kind)
            #expect(parsed.method == 0xABC)
            #expect(parsed.transactionID == transactionID)
            #expect(parsed.attributes == attributes)
            #expect(parsed.isAuthentic(key: key))
        }
    }

    @Test("A message without MESSAGE-INTEGRITY is authentic with no key (RFC 8489 §9.1.3)")
    func missingIntegrity() throws {
        let parsed = try STUNMessage(parsing: STUNMessage(.request, transactionID: transactionID).encoded().span)
        #expect(!parsed.isAuthentic(key: key))
        #expect(!parsed.isAuthentic(key: []))
    }

    @Test("Every cut of a message is refused, and no byte of what is signed can be changed unnoticed (RFC 8489 §14.5)")
    func damage() throws {
        let bytes = STUNMessage(.request, transactionID: transactionID, attributes: [.username("a:b"), .useCandidate])
            .encoded(key: key)
        for count in bytes.indices {
            #expect(throws: STUNMessage.ParseFailure.self) {
                try STUNMessage(parsing: bytes.span.extracting(0..<count))
            }
        }
        for index in bytes.indices.dropLast(8) {
            var damaged = bytes
            damaged[index] ^= 0x20
            let parsed = try? STUNMessage(parsing: damaged.span)
            #expect(parsed?.isAuthentic(key: key) != true, "byte \(index)")
        }
    }

    @Test("Attributes a receiver must understand are told from those it may ignore (RFC 8489 §14)")
    func unknownAttributes() throws {
        let message = STUNMessage(
            .request, transactionID: transactionID,
            attributes: [.other(type: 0x7FFF, value: []), .other(type: 0x8000, value: [1])])
        #expect(try STUNMessage(parsing: message.encoded().span).unknownRequiredAttributes == [0x7FFF])
    }

    @Test(
        "Attributes of a wrong length or content are refused (RFC 8489 §14)",
        arguments: [
            "0024 0002 0000 0000", "0025 0004 0000 0000", "8029 0004 0000 0000", "0020 0004 0001 0000",
            "0020 0008 0003 0000 0000 0000", "0009 0004 0000 0763", "0009 0004 0000 0100", "0006 0040 4142 4344",
            "0008 0004 0000 0000",
        ])
    func malformedAttribute(_ attribute: String) {
        let value = hex(attribute)
        let header = hex("0001 00") + [UInt8(value.count)] + hex("2112a442 00000000 00000000 00000000")
        #expect(throws: STUNMessage.ParseFailure.malformedAttribute) {
            try STUNMessage(parsing: (header + value).span)
        }
    }

    @Test("RTP, DTLS and half a header are not STUN (RFC 7983 §7)", arguments: ["80", "16", "0001", ""])
    func notSTUN(_ start: String) {
        let bytes = hex(start) + [UInt8](repeating: 0, count: start.count == 2 ? 40 : 0)
        #expect(throws: STUNMessage.ParseFailure.notSTUN) { try STUNMessage(parsing: bytes.span) }
    }
}
