import COpenSSL
import Wire

/// A certificate with its private key, which may be shared by any number of sessions.
package final class Certificate: @unchecked Sendable {
    let x509: OpaquePointer
    let key: OpaquePointer

    private init(x509: OpaquePointer, key: OpaquePointer) {
        self.x509 = x509
        self.key = key
    }

    deinit {
        X509_free(x509)
        EVP_PKEY_free(key)
    }

    /// A self-signed ECDSA P-256 certificate for DTLS, trusted through its fingerprint alone (RFC 8122 §5).
    package static func selfSigned() -> Certificate {
        make(Contents(commonName: "phonebard", days: 30), issuer: nil)
    }

    /// The SHA-256 fingerprint, as it goes into SDP.
    package var fingerprint: Fingerprint { Fingerprint(.sha256, of: x509) }

    /// Writes the certificate as PEM, and the key to a file only its owner may read.
    package func write(to certificatePath: String, keyTo keyPath: String) throws(CertificateAuthority.Failure) {
        try PEM.write(PEM.encode { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }, to: keyPath, mode: 0o600)
        try write(to: certificatePath)
    }

    func write(to path: String) throws(CertificateAuthority.Failure) {
        try PEM.write(PEM.encode { PEM_write_bio_X509($0, x509) }, to: path, mode: 0o644)
    }
}

extension Certificate {
    /// What a certificate of ours says.
    struct Contents {
        var commonName: String
        var days: Int
        var isAuthority = false
        /// DNS names and IP address literals.
        var names: [String] = []
    }

    /// Makes a key and a certificate for it, signed by the issuer or by itself.
    static func make(_ contents: Contents, issuer: Certificate?) -> Certificate {
        guard let key = COpenSSL_makeP256Key(), let x509 = X509_new() else {
            preconditionFailure("libcrypto has no memory")
        }
        let certificate = Certificate(x509: x509, key: key)
        certificate.fill(contents, issuer: issuer ?? certificate)
        precondition(X509_sign(x509, (issuer ?? certificate).key, EVP_sha256()) > 0, "libcrypto cannot sign")
        return certificate
    }

    private func fill(_ contents: Contents, issuer: Certificate) {
        var randomness = Randomness.system
        X509_set_version(x509, 2)
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), randomness.next() >> 1 | 1)
        X509_gmtime_adj(X509_getm_notBefore(x509), -86_400)
        X509_time_adj_ex(X509_getm_notAfter(x509), Int32(clamping: contents.days), 0, nil)
        X509_set_pubkey(x509, key)
        let commonName = Array(contents.commonName.utf8)
        X509_NAME_add_entry_by_txt(
            X509_get_subject_name(x509), "CN", MBSTRING_FLAG, commonName, Int32(clamping: commonName.count), -1, 0)
        X509_set_issuer_name(x509, X509_get_subject_name(issuer.x509))
        add(NID_basic_constraints, contents.isAuthority ? "critical,CA:TRUE" : "critical,CA:FALSE", issuer)
        add(NID_key_usage, contents.isAuthority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature", issuer)
        add(NID_subject_key_identifier, "hash", issuer)
        if issuer !== self { add(NID_authority_key_identifier, "keyid", issuer) }
        if !contents.names.isEmpty { addAlternativeNames(contents.names) }
    }

    private func add(_ extensionNID: Int32, _ value: String, _ issuer: Certificate) {
        let added = COpenSSL_addExtension(x509, issuer.x509, extensionNID, value)
        precondition(added, "libcrypto knows the extensions of RFC 5280")
    }

    private func addAlternativeNames(_ names: [String]) {
        let alternativeNames = GENERAL_NAMES_new()
        defer { GENERAL_NAMES_free(alternativeNames) }
        for name in names {
            let address = IPAddress(name)
            _ = COpenSSL_addAlternativeName(alternativeNames, address != nil, address?.description ?? name)
        }
        X509_add1_ext_i2d(
            x509, NID_subject_alt_name, UnsafeMutableRawPointer(alternativeNames), 0, UInt(X509V3_ADD_DEFAULT))
    }
}
