import Testing

@testable import Crypto

@Suite("AES with 128-bit keys")
struct AES128Tests {
    private static let key = Array(UInt8(0)...15)
    private static let cipher: [UInt8] = [
        0x69, 0xC4, 0xE0, 0xD8, 0x6A, 0x7B, 0x04, 0x30, 0xD8, 0xCD, 0xB7, 0x80, 0x70, 0xB4, 0xC5, 0x5A,
    ]

    @Test("The example vector (FIPS 197 appendix C.1), and twice the same block is twice the same text")
    func vector() {
        let plain = (0..<16).map { UInt8($0 * 0x11) }
        #expect(AES128.decrypt(Self.cipher, key: Self.key) == plain)
        #expect(AES128.decrypt(Self.cipher + Self.cipher, key: Self.key) == plain + plain)
        #expect(AES128.decrypt([], key: Self.key) == [])
    }
}
