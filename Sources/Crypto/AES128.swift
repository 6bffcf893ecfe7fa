import COpenSSL

/// AES with 128-bit keys (FIPS 197), block by block: ECB, without padding.
///
/// ECB shows which blocks are alike; it is here because the platform's encrypted numbers use it.
package enum AES128 {
    package static let blockSize = 16

    /// - Parameters:
    ///   - blocks: whole blocks.
    ///   - key: 16 bytes.
    package static func decrypt(_ blocks: [UInt8], key: [UInt8]) -> [UInt8] {
        precondition(key.count == blockSize && blocks.count.isMultiple(of: blockSize))
        let context = EVP_CIPHER_CTX_new()
        defer { EVP_CIPHER_CTX_free(context) }
        return [UInt8](unsafeUninitializedCapacity: blocks.count + blockSize) { output, count in
            var length: Int32 = 0
            let done =
                EVP_DecryptInit_ex(context, EVP_aes_128_ecb(), nil, key, nil) == 1
                && EVP_CIPHER_CTX_set_padding(context, 0) == 1
                && EVP_DecryptUpdate(context, output.baseAddress, &length, blocks, Int32(blocks.count)) == 1
            precondition(done, "libcrypto lacks AES")
            count = Int(length)
        }
    }
}
