import COpenSSL
import Wire

/// Message digests: MD5 (RFC 1321), SHA-1 (RFC 3174), SHA-256 (RFC 6234) and SHA-512/256 (FIPS 180-4 §6.7).
///
/// MD5 and SHA-1 are here for HTTP and SIP digest authentication, WebSocket handshakes and STUN only.
package enum Digest {
    package static func md5(_ message: [UInt8]) -> [UInt8] { md5(message.span) }
    package static func md5(_ message: Span<UInt8>) -> [UInt8] { compute(EVP_md5(), over: message) }

    package static func sha1(_ message: [UInt8]) -> [UInt8] { sha1(message.span) }
    package static func sha1(_ message: Span<UInt8>) -> [UInt8] { compute(EVP_sha1(), over: message) }

    package static func sha256(_ message: [UInt8]) -> [UInt8] { sha256(message.span) }
    package static func sha256(_ message: Span<UInt8>) -> [UInt8] { compute(EVP_sha256(), over: message) }

    package static func sha512_256(_ message: [UInt8]) -> [UInt8] { compute(EVP_sha512_256(), over: message.span) }

    static func compute(_ algorithm: OpaquePointer?, over message: Span<UInt8>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { output, count in
            var length: UInt32 = 0
            let done = message.withUnsafeBufferPointer { input in
                EVP_Digest(input.baseAddress, input.count, output.baseAddress, &length, algorithm, nil)
            }
            precondition(done == 1, "libcrypto lacks a digest")
            count = Int(length)
        }
    }
}
