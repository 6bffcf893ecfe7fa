import COpenSSL
import Glibc
import Wire

/// PEM texts (RFC 7468) and the files they go to.
enum PEM {
    /// The text that a writer of OpenSSL's leaves in a memory BIO.
    static func encode(_ write: (OpaquePointer) -> Int32) -> [UInt8] {
        guard let bio = COpenSSL_makeMemoryBIO() else { preconditionFailure("libcrypto has no memory") }
        defer { BIO_free(bio) }
        precondition(write(bio) == 1, "libcrypto cannot encode")
        let count = BIO_ctrl_pending(bio)
        return [UInt8](unsafeUninitializedCapacity: count) { output, taken in
            taken = max(0, Int(BIO_read(bio, output.baseAddress, Int32(clamping: count))))
        }
    }

    /// Replaces a file, whose mode is set before anything is in it.
    static func write(_ text: [UInt8], to path: String, mode: mode_t) throws(CertificateAuthority.Failure) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw .cannotWrite(path: path, errno: errno) }
        defer { close(file) }
        guard fchmod(file, mode) == 0 else { throw .cannotWrite(path: path, errno: errno) }
        var written = 0
        while written < text.count {
            let count = text.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            guard count > 0 else { throw .cannotWrite(path: path, errno: errno) }
            written += count
        }
    }
}
