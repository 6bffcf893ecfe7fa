import Crypto
import Testing
import Wire

@Suite struct DigestTests {
    @Test(
        "MD5 gives the digests of the test suite of RFC 1321 §A.5",
        arguments: [
            ("", "d41d8cd98f00b204e9800998ecf8427e"),
            ("a", "0cc175b9c0f1b6a831c399e269772661"),
            ("abc", "900150983cd24fb0d6963f7d28e17f72"),
            ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
            ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        ])
    func md5(message: String, digest: String) {
        #expect(Digest.md5(Array(message.utf8)).hex == digest)
    }

    @Test(
        "SHA-1 gives the digests of RFC 3174 §7.3",
        arguments: [
            ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
            ),
        ])
    func sha1(message: String, digest: String) {
        #expect(Digest.sha1(Array(message.utf8)).hex == digest)
    }

    @Test(
        "SHA-256 gives the digests of RFC 6234 §8.5",
        arguments: [
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func sha256(message: String, digest: String) {
        #expect(Digest.sha256(Array(message.utf8)).hex == digest)
    }

    @Test(
        "SHA-512/256 gives the digests of NIST's examples for FIPS 180-4",
        arguments: [
            ("abc", "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                    + "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "3928e184fb8690f840da3988121d31be65cb9d3ef83ee6146feac861e19b563a"
            ),
        ])
    func sha512_256(message: String, digest: String) {
        #expect(Digest.sha512_256(Array(message.utf8)).hex == digest)
    }

    @Test(
        "HMAC-SHA-1 gives the digests of RFC 2202 §3",
        arguments: [
            ([UInt8](repeating: 0x0B, count: 20), "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00"),
            (
                Array("Jefe".utf8), "what do ya want for nothing?",
                "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
            ),
            (
                [UInt8](repeating: 0xAA, count: 80), "Test Using Larger Than Block-Size Key - Hash Key First",
                "aa4ae5e15272d00e95705637ce8a3b55ed402112"
            ),
        ])
    func hmacSHA1(key: [UInt8], data: String, code: String) {
        #expect(HMAC.sha1(key: key, data: Array(data.utf8)).hex == code)
    }

    @Test("HMAC-SHA-256 gives the digest of RFC 4231 §4.3")
    func hmacSHA256() {
        let code = HMAC.sha256(key: Array("Jefe".utf8), data: Array("what do ya want for nothing?".utf8))
        #expect(code.hex == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    }

    @Test("HMAC takes an empty key and an empty message")
    func hmacOfNothing() {
        #expect(HMAC.sha1(key: [], data: []).hex == "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d")
    }

    @Test("CRC-32 gives V.42's check value")
    func crc32() {
        #expect(CRC32.checksum(Array("123456789".utf8)) == 0xCBF4_3926)
        #expect(CRC32.checksum([UInt8]()) == 0)
    }

    @Test("Secrets are equal only when every byte and the length are")
    func constantTime() {
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
        #expect(constantTimeEqual([UInt8](), [UInt8]()))
    }
}
