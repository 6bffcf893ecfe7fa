/// Base 64 encoding of RFC 4648 §4.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
            for position in 0..<4 {
                let digit = alphabet[Int(bits >> (18 - 6 * UInt32(position)) & 63)]
                text.append(position <= group.count ? digit : 0x3D)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The number of bytes that well-formed text with padding stands for, nil for any other text.
    static func decodedCount(_ text: String) -> Int? {
        let digits = Array(text.utf8)
        let padding = digits.reversed().prefix { $0 == 0x3D }.count
        guard digits.count % 4 == 0, padding <= 2, digits.dropLast(padding).allSatisfy(alphabet.contains) else {
            return nil
        }
        return digits.count / 4 * 3 - padding
    }
}
