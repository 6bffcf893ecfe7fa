import COpenSSL

/// What all TLS sessions of one kind share: the trust anchors of clients, or the certificate of a server; TLS 1.2 or newer.
package final class TLSContext: @unchecked Sendable {
    package enum Failure: Error, Hashable, Sendable {
        case authorityUnreadable(OpenSSLError)
        case certificateUnreadable(OpenSSLError)
        case keyUnreadable(OpenSSLError)
    }

    /// Whom a client believes.
    package enum Trust: Hashable, Sendable {
        case system
        /// A PEM file of certificates, instead of the system's.
        case authorities(file: String)
    }

    let pointer: OpaquePointer

    package init(client trust: Trust) throws(Failure) {
        fatalError()
    }

    /// A server that shows a certificate, followed in its file by the intermediate ones.
    package init(server chainFile: String, keyFile: String) throws(Failure) {
        fatalError()
    }
}
