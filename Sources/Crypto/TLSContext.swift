import COpenSSL

/// What all TLS sessions of one kind share: the trust anchors of clients, or the certificate of a server; TLS 1.2 or newer.
package final class TLSContext: @unchecked Sendable {
    package enum Failure: Error, Hashable, Sendable {
        case authoritiesUnreadable(OpenSSLError)
        case certificateUnreadable(OpenSSLError)
        case keyUnreadable(OpenSSLError)
    }

    /// Whom a client believes.
    package struct Trust: Sendable {
        fileprivate enum Anchors { case system, file(String), authority(CertificateAuthority) }

        fileprivate let anchors: Anchors
        /// If there are any, the server's key must be one of them; its certificate is checked all the same.
        package var pins: [PublicKeyPin] = []

        package static let system = Trust(anchors: .system)
        /// A PEM file of certificates, instead of the system's.
        package static func authorities(file: String) -> Trust { Trust(anchors: .file(file)) }
        package static func authority(_ authority: CertificateAuthority) -> Trust {
            Trust(anchors: .authority(authority))
        }
    }

    /// What one end shows of itself: PEM files of the certificate, followed by the intermediate ones, and of its key.
    package struct Identity: Hashable, Sendable {
        package let chainFile: String
        package let keyFile: String

        package init(chainFile: String, keyFile: String) {
            self.chainFile = chainFile
            self.keyFile = keyFile
        }
    }

    let pointer: OpaquePointer
    let pins: [PublicKeyPin]

    private init(server: Bool, pins: [PublicKeyPin] = []) {
        guard let pointer = COpenSSL_makeTLSContext(server) else { preconditionFailure("libssl has no memory") }
        self.pointer = pointer
        self.pins = pins
        // Matches a server's key against the pins (RFC 6698) during the handshake; a session without any is not touched.
        if !pins.isEmpty { SSL_CTX_dane_enable(pointer) }
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    /// Clients that always check the server's certificate and show their own to a server that asks for it.
    package convenience init(client trust: Trust, identity: Identity? = nil) throws(Failure) {
        self.init(server: false, pins: trust.pins)
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
        ERR_clear_error()
        let loaded =
            switch trust.anchors {
            case .system: SSL_CTX_set_default_verify_paths(pointer)
            case .file(let file): SSL_CTX_load_verify_file(pointer, file)
            case .authority(let authority):
                X509_STORE_add_cert(SSL_CTX_get_cert_store(pointer), authority.certificate.x509)
            }
        guard loaded == 1 else { throw .authoritiesUnreadable(.take()) }
        if let identity { try use(identity) }
    }

    package convenience init(server chainFile: String, keyFile: String) throws(Failure) {
        self.init(server: true)
        try use(Identity(chainFile: chainFile, keyFile: keyFile))
    }

    package convenience init(server certificate: Certificate) {
        self.init(server: true)
        let usable =
            SSL_CTX_use_certificate(pointer, certificate.x509) == 1
            && SSL_CTX_use_PrivateKey(pointer, certificate.key) == 1
        precondition(usable, "a certificate fits its own key")
    }

    private func use(_ identity: Identity) throws(Failure) {
        ERR_clear_error()
        guard SSL_CTX_use_certificate_chain_file(pointer, identity.chainFile) == 1 else {
            throw .certificateUnreadable(.take())
        }
        guard SSL_CTX_use_PrivateKey_file(pointer, identity.keyFile, SSL_FILETYPE_PEM) == 1 else {
            throw .keyUnreadable(.take())
        }
    }
}
