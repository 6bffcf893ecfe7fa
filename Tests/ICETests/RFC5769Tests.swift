import Crypto
import ICE
import Testing
import Wire

/// The sample messages of RFC 5769 §2.
@Suite("STUN test vectors") struct RFC5769Tests {
    private static let transactionID = STUNMessage.TransactionID(high: 0xB7E7_A701, low: 0xBC34_D686_FA87_DFAE)
    private static let password = Array("VOkJxbRl1RmTxUk/WvJxBt".utf8)

    @Test("A request with all attributes of ICE (RFC 5769 §2.1)") func request() throws {
        let message = try STUNMessage(
            parsing: hex(
                """
                00010058 2112a442 b7e7a701 bc34d686 fa87dfae
                80220010 5354554e 20746573 7420636c 69656e74
                00240004 6e0001ff
                80290008 932ff9b1 51263b36
                00060009 6576746a 3a683676 59202020
                00080014 9aeaa70c bfd8cb56 781ef2b5 b2d3f249 c1b571a2
                80280004 e57a3bcf
                """
            ).span)
        #expect(message.kind == .request)
        #expect(message.method == STUNMessage.binding)
        #expect(message.transactionID == Self.transactionID)
        #expect(
            message.attributes == [
                .software("STUN test client"), .priority(0x6E00_01FF),
                .iceControlled(tieBreaker: 0x932F_F9B1_5126_3B36), .username("evtj:h6vY"),
            ])
        #expect(message.isAuthentic(key: Self.password))
        #expect(!message.isAuthentic(key: Array("another".utf8)))
    }

    @Test("A response that maps an IPv4 address (RFC 5769 §2.2)") func response4() throws {
        let message = try STUNMessage(
            parsing: hex(
                """
                0101003c 2112a442 b7e7a701 bc34d686 fa87dfae
                8022000b 74657374 20766563 746f7220
                00200008 0001a147 e112a643
                00080014 2b91f599 fd9e90c3 8c7489f9 2af9ba53 f06be7d7
                80280004 c07d4c96
                """
            ).span)
        #expect(message.kind == .success)
        #expect(message.transactionID == Self.transactionID)
        #expect(
            message.attributes == [
                .software("test vector"), .xorMappedAddress(Endpoint(.v4(0xC000_0201), port: 32_853)),
            ])
        #expect(message.isAuthentic(key: Self.password))
    }

    @Test("A response that maps an IPv6 address (RFC 5769 §2.3)") func response6() throws {
        let message = try STUNMessage(
            parsing: hex(
                """
                01010048 2112a442 b7e7a701 bc34d686 fa87dfae
                8022000b 74657374 20766563 746f7220
                00200014 0002a147 0113a9fa a5d3f179 bc25f4b5 bed2b9d9
                00080014 a382954e 4be67bf1 1784c97c 8292c275 bfe3ed41
                80280004 c8fb0b4c
                """
            ).span)
        let address = try #require(IPAddress("2001:db8:1234:5678:11:2233:4455:6677"))
        #expect(
            message.attributes == [
                .software("test vector"), .xorMappedAddress(Endpoint(address, port: 32_853)),
            ])
        #expect(message.isAuthentic(key: Self.password))
    }

    @Test("A request with long-term credentials (RFC 5769 §2.4)") func longTermRequest() throws {
        let message = try STUNMessage(
            parsing: hex(
                """
                00010060 2112a442 78ad3433 c6ad72c0 29da412e
                00060012 e3839ee3 8388e383 aae38383 e382afe3 82b90000
                0015001c 662f2f34 39396b39 35346436 4f4c3334 6f4c3946 53547679 36347341
                0014000b 6578616d 706c652e 6f726700
                00080014 f6702465 6dd64a3e 02b8e071 2e85c9a2 8ca89666
                """
            ).span)
        #expect(
            message.attributes == [
                .username("マトリックス"), .nonce("f//499k954d6OL34oL9FSTvy64sA"), .realm("example.org"),
            ])
        #expect(message.isAuthentic(key: Digest.md5(Array("マトリックス:example.org:TheMatrIX".utf8))))
    }
}

func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }
    return stride(from: 0, to: digits.count, by: 2).compactMap { offset in
        UInt8(digits.dropFirst(offset).prefix(2), radix: 16)
    }
}
