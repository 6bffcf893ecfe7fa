import Crypto

/// The hash of a digest challenge, the weaker one first (RFC 7616 §6.1).
package enum DigestAlgorithm: String, Sendable, Hashable, Comparable, CaseIterable {
    case md5 = "MD5"
    case sha256 = "SHA-256"

    init?(name: String) {
        guard let known = Self.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
            return nil
        }
        self = known
    }

    package static func < (left: DigestAlgorithm, right: DigestAlgorithm) -> Bool {
        left == .md5 && right == .sha256
    }

    func hash(_ text: String) -> String {
        switch self {
        case .md5: Digest.md5(Array(text.utf8)).hex
        case .sha256: Digest.sha256(Array(text.utf8)).hex
        }
    }
}
