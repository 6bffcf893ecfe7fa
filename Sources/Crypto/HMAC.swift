import COpenSSL
import Wire

/// Keyed message authentication codes of RFC 2104, over SHA-1 (STUN) and SHA-256.
package enum HMAC {
    package static func sha1(key: [UInt8], data: [UInt8]) -> [UInt8] { sha1(key: key.span, data: data.span) }
    package static func sha1(key: Span<UInt8>, data: Span<UInt8>) -> [UInt8] {
        compute(EVP_sha1(), key: key, data: data)
    }

    package static func sha256(key: [UInt8], data: [UInt8]) -> [UInt8] { sha256(key: key.span, data: data.span) }
    package static func sha256(key: Span<UInt8>, data: Span<UInt8>) -> [UInt8] {
        compute(EVP_sha256(), key: key, data: data)
    }

    private static func compute(_ algorithm: OpaquePointer?, key: Span<UInt8>, data: Span<UInt8>) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { output, count in
            var length: UInt32 = 0
            let done = key.withUnsafeBytes { key in
                data.withUnsafeBufferPointer { data in
                    COpenSSL_HMAC(
                        algorithm, key.baseAddress, key.count, data.baseAddress, data.count, output.baseAddress,
                        &length)
                }
            }
            precondition(done == 1, "libcrypto lacks a digest")
            count = Int(length)
        }
    }
}
