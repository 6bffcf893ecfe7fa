import COpenSSL
import Wire

/// The hash of a certificate as SDP writes it: `sha-256 AB:CD:…` (RFC 8122 §5).
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    /// The hash functions that are taken, the weakest first.
    package enum Algorithm: String, Hashable, Sendable, CaseIterable {
        case sha256 = "sha-256"
        case sha384 = "sha-384"
        case sha512 = "sha-512"

        var length: Int {
            switch self {
            case .sha256: 32
            case .sha384: 48
            case .sha512: 64
            }
        }

        fileprivate var digest: OpaquePointer? {
            switch self {
            case .sha256: EVP_sha256()
            case .sha384: EVP_sha384()
            case .sha512: EVP_sha512()
            }
        }
    }

    package let algorithm: Algorithm
    package let bytes: [UInt8]

    /// The two words of an `a=fingerprint` attribute; nil for a hash that is unknown or too weak, and for a wrong length.
    package init?(algorithm: String, value: String) {
        guard let algorithm = Algorithm(rawValue: algorithm.lowercased()) else { return nil }
        let pairs = value.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        let bytes = pairs.compactMap { pair in
            pair.count == 2 && pair.first != UInt8(ascii: "+") ? UInt8(Substring(pair), radix: 16) : nil
        }
        guard bytes.count == algorithm.length, pairs.count == bytes.count else { return nil }
        self.algorithm = algorithm
        self.bytes = bytes
    }

    /// The whole value of an `a=fingerprint` attribute.
    package init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 2 else { return nil }
        self.init(algorithm: String(words[0]), value: String(words[1]))
    }

    init(_ algorithm: Algorithm, of x509: OpaquePointer) {
        self.algorithm = algorithm
        bytes = [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { output, count in
            var length: UInt32 = 0
            let done = X509_digest(x509, algorithm.digest, output.baseAddress, &length)
            precondition(done == 1, "libcrypto lacks a digest")
            count = Int(length)
        }
    }

    /// Pairs of upper-case hexadecimal digits, joined by colons.
    package var value: String {
        bytes.map { [$0].hex.uppercased() }.joined(separator: ":")
    }

    package var description: String { "\(algorithm.rawValue) \(value)" }

    /// Whether a certificate has one of the fingerprints that use the strongest hash among them (RFC 8122 §6.2).
    static func anyOf(_ fingerprints: [Fingerprint], fits x509: OpaquePointer) -> Bool {
        guard let strongest = fingerprints.map(\.algorithm).max(by: { $0.length < $1.length }) else { return false }
        return fingerprints.contains(Fingerprint(strongest, of: x509))
    }
}
