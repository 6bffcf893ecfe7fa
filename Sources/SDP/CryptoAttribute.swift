import Wire

/// The value of an `a=crypto` line (RFC 4568 §9.1): what a side sends SRTP with.
///
/// Deviation: a line with more than one key, a master key identifier or another session parameter than `WSH` cannot be used,
/// and is passed over as §5.1.2 has it.
package struct CryptoAttribute: Sendable, Equatable {
    /// RFC 4568 §6.2 and RFC 7714 §14.1; those whose authentication tags have 32 bits are left out.
    package enum Suite: String, Sendable, CaseIterable {
        case aes128CMSHA1_80 = "AES_CM_128_HMAC_SHA1_80"
        case aeadAES128GCM = "AEAD_AES_128_GCM"
        case aeadAES256GCM = "AEAD_AES_256_GCM"

        /// The bytes of the master key and of the master salt behind it.
        package var keyLength: Int {
            switch self {
            case .aes128CMSHA1_80: 16 + 14
            case .aeadAES128GCM: 16 + 12
            case .aeadAES256GCM: 32 + 12
            }
        }
    }

    package var tag: Int
    package var suite: Suite
    /// The master key and the master salt.
    package var key: Redacted<[UInt8]>

    package init(tag: Int, suite: Suite, key: Redacted<[UInt8]>) {
        self.tag = tag
        self.suite = suite
        self.key = key
    }

    /// Nil for a line that is malformed or cannot be used.
    init?(parsing text: String) {
        let fields = text.split { $0 == " " || $0 == "\t" }
        guard fields.count >= 3, (1...9).contains(fields[0].count), fields[0].first != "0", let tag = Int(fields[0]),
            tag > 0, let suite = Suite(rawValue: String(fields[1])), fields[2].lowercased().hasPrefix(Self.method),
            let key = Self.key(in: fields[2].dropFirst(Self.method.count)), key.count == suite.keyLength,
            fields[3...].allSatisfy(Self.isHarmless)
        else { return nil }
        self.init(tag: tag, suite: suite, key: Redacted(key))
    }

    var text: String { "\(tag) \(suite.rawValue) \(Self.method)\(Base64.encode(key.value))" }

    private static let method = "inline:"

    /// What stands before the lifetime; the padding may be missing, as some leave it out.
    private static func key(in information: Substring) -> [UInt8]? {
        let parts = information.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == 1 || parts.count == 2 && isLifetime(parts[1]), let digits = parts.first else { return nil }
        return Base64.decode(digits + String(repeating: "=", count: (4 - digits.utf8.count % 4) % 4))
    }

    /// A number of packets, or a power of two; as many as SRTP can number at most (§6.1).
    private static func isLifetime(_ text: Substring) -> Bool {
        let isPower = text.hasPrefix("2^")
        let digits = text.dropFirst(isPower ? 2 : 0)
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt64(digits) else { return false }
        return isPower ? number <= 48 : (1...1 << 48).contains(number)
    }

    /// Whether a session parameter changes nothing for us: a hint of at least 64 about windows (§6.3.6), or what may be
    /// passed over (§6.3.7).
    private static func isHarmless(_ parameter: Substring) -> Bool {
        guard parameter.hasPrefix("WSH=") else { return parameter.hasPrefix("-") }
        return UInt64(parameter.dropFirst(4)).map { $0 >= 64 } ?? false
    }
}
