import SDP
import Testing
import Wire

@Suite("Keys in descriptions (RFC 4568)") struct CryptoAttributeTests {
    private static let key = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"

    /// What an offer of RTP/SAVP with this line is taken as.
    private func taken(_ line: String) -> [CryptoAttribute]? {
        let text =
            "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
            + "m=audio 7000 RTP/SAVP 0\r\na=crypto:\(line)\r\n"
        guard let session = try? SessionDescription(parsing: text) else { return nil }
        return try? AudioDescription(offeredIn: session, taking: [.sdes]).crypto
    }

    @Test(
        "A line has a tag, a suite and one key, perhaps a lifetime and parameters that change nothing (§9.1, §6.1, §6.3)",
        arguments: [
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key)", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key)|2^20",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key)|281474976710656", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key)|2^48",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key) WSH=64", "1 AES_CM_128_HMAC_SHA1_80  inline:\(key) -X=1",
        ])
    func usable(line: String) throws {
        let attribute = try #require(taken(line)?.first)
        #expect(attribute.tag == 1)
        #expect(attribute.suite == .aes128CMSHA1_80)
        #expect(attribute.key.value == Base64.decode(Self.key))
    }

    @Test(
        "The keys of AES-GCM have salts of 12 bytes (RFC 7714 §14.1), with or without padding",
        arguments: [("AEAD_AES_128_GCM", 28), ("AEAD_AES_256_GCM", 44)])
    func galoisCounterMode(suite: String, length: Int) throws {
        let text = Base64.encode([UInt8](repeating: 7, count: length))
        for text in [text, String(text.filter { $0 != "=" })] {
            let attribute = try #require(taken("2 \(suite) inline:\(text)")?.first)
            #expect(attribute.suite.rawValue == suite)
            #expect(attribute.key.value == [UInt8](repeating: 7, count: length))
        }
        #expect(taken("2 \(suite) inline:\(Self.key)") == nil)
    }

    @Test(
        "Any other line cannot be used (§5.1.2)",
        arguments: [
            "", "1", "1 AES_CM_128_HMAC_SHA1_80", "0 AES_CM_128_HMAC_SHA1_80 inline:\(key)",
            "01 AES_CM_128_HMAC_SHA1_80 inline:\(key)", "x AES_CM_128_HMAC_SHA1_80 inline:\(key)",
            "1234567890 AES_CM_128_HMAC_SHA1_80 inline:\(key)", "1 AES_CM_128_HMAC_SHA1_32 inline:\(key)",
            "1 F8_128_HMAC_SHA1_80 inline:\(key)", "1 AES_CM_128_HMAC_SHA1_80 uri:\(key)",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key)AAAA", "1 AES_CM_128_HMAC_SHA1_80 inline:!\(key.dropFirst())",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key)|1:4", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key)|2^20|1:4",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key);inline:\(key)", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key)|0",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key)|2^49", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key)|",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key)|281474976710657", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key) KDR=1",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key) UNENCRYPTED_SRTP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key) UNAUTHENTICATED_SRTP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:\(key) WSH=63", "1 AES_CM_128_HMAC_SHA1_80 inline:\(key) NEW=1",
        ])
    func unusable(line: String) {
        #expect(taken(line) == nil)
    }

    @Test("Keys are not shown") func redacted() throws {
        let attribute = try #require(taken("1 AES_CM_128_HMAC_SHA1_80 inline:\(Self.key)")?.first)
        #expect(!"\(attribute)".contains("119"))
        #expect("\(attribute)".contains("•••"))
    }
}
