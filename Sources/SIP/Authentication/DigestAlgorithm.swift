import Crypto

/// The algorithm of a digest challenge (RFC 7616 §6.1, RFC 8760 §2.1).
package enum DigestAlgorithm: String, Sendable, Hashable, CaseIterable {
    case md5 = "MD5"
    case md5Session = "MD5-sess"
    case sha256 = "SHA-256"
    case sha256Session = "SHA-256-sess"
    case sha512_256 = "SHA-512-256"
    case sha512_256Session = "SHA-512-256-sess"

    init?(name: String) {
        guard let known = Self.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
            return nil
        }
        self = known
    }

    /// Whether the hash of the password is bound to the nonces of a session (RFC 7616 §3.4.2).
    var isSession: Bool {
        switch self {
        case .md5, .sha256, .sha512_256: false
        case .md5Session, .sha256Session, .sha512_256Session: true
        }
    }

    /// The better hash has the higher one; a session adds nothing to it.
    var strength: Int {
        switch self {
        case .md5, .md5Session: 0
        case .sha256, .sha256Session: 1
        case .sha512_256, .sha512_256Session: 2
        }
    }

    func hash(_ text: String) -> String { hash(Array(text.utf8)) }

    func hash(_ bytes: [UInt8]) -> String {
        switch self {
        case .md5, .md5Session: Digest.md5(bytes).hex
        case .sha256, .sha256Session: Digest.sha256(bytes).hex
        case .sha512_256, .sha512_256Session: Digest.sha512_256(bytes).hex
        }
    }
}
