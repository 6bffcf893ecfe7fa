import COpenSSL

/// What all TLS sessions of one kind share: the trust anchors of clients, or the certificate of a server; TLS 1.2 or newer.
package final class TLSContext: @unchecked Sendable {
    package enum Failure: Error, Hashable, Sendable {
        case authoritiesUnreadable(OpenSSLError)
        case certificateUnreadable(OpenSSLError)
        case keyUnreadable(OpenSSLError)
    }

    /// Whom a client believes.
    package enum Trust: Sendable {
        case system
        /// A PEM file of certificates, instead of the system's.
        case authorities(file: String)
        case authority(CertificateAuthority)
    }

    let pointer: OpaquePointer

    private init(server: Bool) {
        guard let pointer = COpenSSL_makeTLSContext(server) else { preconditionFailure("libssl has no memory") }
        self.pointer = pointer
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    /// Clients that always check the server's certificate.
    package convenience init(client trust: Trust) throws(Failure) {
        self.init(server: false)
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
        ERR_clear_error()
        let loaded =
            switch trust {
            case .system: SSL_CTX_set_default_verify_paths(pointer)
            case .authorities(let file): SSL_CTX_load_verify_file(pointer, file)
            case .authority(let authority):
                X509_STORE_add_cert(SSL_CTX_get_cert_store(pointer), authority.certificate.x509)
            }
        guard loaded == 1 else { throw .authoritiesUnreadable(.take()) }
    }

    /// A server that shows a certificate, followed in its file by the intermediate ones.
    package convenience init(server chainFile: String, keyFile: String) throws(Failure) {
        self.init(server: true)
        ERR_clear_error()
        guard SSL_CTX_use_certificate_chain_file(pointer, chainFile) == 1 else {
            throw .certificateUnreadable(.take())
        }
        guard SSL_CTX_use_PrivateKey_file(pointer, keyFile, SSL_FILETYPE_PEM) == 1 else {
            throw .keyUnreadable(.take())
        }
    }

    package convenience init(server certificate: Certificate) {
        self.init(server: true)
        let usable =
            SSL_CTX_use_certificate(pointer, certificate.x509) == 1
            && SSL_CTX_use_PrivateKey(pointer, certificate.key) == 1
        precondition(usable, "a certificate fits its own key")
    }
}
