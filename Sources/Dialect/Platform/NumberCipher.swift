import Crypto
import FoundationEssentials
import Wire

/// Telephone numbers encrypted as two sides have agreed: AES-128-ECB, PKCS #5 padding, Base64url without padding (§4).
///
/// The key is what Java's `SHA1PRNG` makes of the seed: the first 16 bytes of its SHA-1's SHA-1.
struct NumberCipher: Sendable {
    enum Decryption: Equatable {
        case number(String)
        /// What came out is no number, if anything came out.
        case failed(String)
    }

    private let key: Redacted<[UInt8]>

    init(seed: Redacted<String>) {
        key = Redacted(Array(Digest.sha1(Digest.sha1(Array(seed.value.utf8))).prefix(AES128.blockSize)))
    }

    func decrypt(_ text: String) -> Decryption {
        guard let blocks = Self.bytes(ofBase64URL: text), !blocks.isEmpty,
            blocks.count.isMultiple(of: AES128.blockSize)
        else { return .failed("") }
        let padded = AES128.decrypt(blocks, key: key.value)
        guard let plain = Self.unpadded(padded) else { return .failed(String(decoding: padded, as: UTF8.self)) }
        let number = String(decoding: plain, as: UTF8.self)
        let isNumber = !plain.isEmpty && plain.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        return isNumber ? .number(number) : .failed(number)
    }

    private static func bytes(ofBase64URL text: String) -> [UInt8]? {
        guard !text.contains("=") else { return nil }
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        return Data(base64Encoded: standard + padding).map(Array.init)
    }

    /// PKCS #5: each of the last n bytes is n, from 1 to a whole block.
    private static func unpadded(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
        guard let last = bytes.last, 1...AES128.blockSize ~= Int(last),
            bytes.suffix(Int(last)).allSatisfy({ $0 == last })
        else { return nil }
        return bytes.dropLast(Int(last))
    }
}
