import Testing
import Wire

@testable import Dialect

@Suite("Encrypted numbers (platform protocol §4)")
struct NumberCipherTests {
    private let cipher = NumberCipher(seed: Redacted("02adc2368daf44c1864b721cc684fb7f"))

    @Test(
        "The vectors that Java's own SHA1PRNG makes",
        arguments: [
            ("95588", "dys-klCC1unYJXUFAm85Dg"), ("114", "BuHkVDciUVWGTncsjQ_SBw"),
            ("1390001234", "Xf2otWcbwO16sEpBYVsj-g"), ("95533", "opwmRvGhOcGMXRZSp_moOQ"),
        ])
    func vectors(number: String, encrypted: String) {
        #expect(cipher.decrypt(encrypted) == .number(number))
    }

    @Test(
        "What makes no number comes out as it is",
        arguments: [
            ("DMszado1pOukg9f4b8x4tg", "12a34"), ("2_4gAE7xWKY6HiyOH-q2-A", "abc"),
            ("8hXa3hKsn2O-0lRJVbMzDQ", "hello+"),
            ("2o_aD8rNyIly-oIJYZ1uoA", ""), ("NRVue_AWhoL_7C1z0FVGLw", "notpaddedatall!!"),
        ])
    func noNumber(encrypted: String, text: String) {
        #expect(cipher.decrypt(encrypted) == .failed(text))
    }

    @Test(
        "Bad Base64 and half a block make nothing",
        arguments: ["", "opwm", "opwmRvGhOcGMXRZSp_moO!", "opwmRvGhOcGMXRZSp_moOQ==", "opwmRvGhOcGMXRZSp_moOQAA", "号码"])
    func noBlocks(encrypted: String) {
        #expect(cipher.decrypt(encrypted) == .failed(""))
    }

    @Test("Another seed makes no number of it")
    func otherSeed() {
        let other = NumberCipher(seed: Redacted("12adc2368daf44c1864b721cc684fb7f"))
        guard case .failed = other.decrypt("opwmRvGhOcGMXRZSp_moOQ") else {
            Issue.record("decrypted")
            return
        }
    }
}
