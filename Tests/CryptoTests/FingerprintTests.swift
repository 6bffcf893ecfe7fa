import Crypto
import Testing
import Wire

@Suite struct FingerprintTests {
    static let hex = String(repeating: "AB:", count: 31) + "0F"

    @Test("A fingerprint is read and written as SDP has it (RFC 8122 §5)")
    func text() throws {
        let fingerprint = try #require(Fingerprint("SHA-256 " + Self.hex.lowercased()))
        #expect(fingerprint.algorithm == .sha256)
        #expect(fingerprint.bytes == [UInt8](repeating: 0xAB, count: 31) + [0x0F])
        #expect(fingerprint.description == "sha-256 " + Self.hex)
        #expect(fingerprint == Fingerprint(algorithm: "sha-256", value: Self.hex))
    }

    @Test(
        "Weak hashes, wrong lengths and wrong digits are refused",
        arguments: [
            "", "sha-256", "sha-256 ", "sha-256 AB", "sha-256 " + hex + ":00", "sha-384 " + hex, "md5 " + hex,
            "sha-1 " + String(repeating: "AB:", count: 19) + "AB", "sha-256 " + hex + " x",
            "sha-256 " + hex.replacing("AB:AB", with: "AB:+B"), "sha-256 " + hex.replacing("0F", with: "0G"),
            "sha-256 " + hex.replacing("AB:0F", with: "AB::0F"),
        ])
    func refused(text: String) {
        #expect(Fingerprint(text) == nil)
    }

    @Test("Every self-signed certificate has a fingerprint of its own")
    func unique() {
        #expect(Certificate.selfSigned().fingerprint != Certificate.selfSigned().fingerprint)
        #expect(Certificate.selfSigned().fingerprint.algorithm == .sha256)
    }
}
