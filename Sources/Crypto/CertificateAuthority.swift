import COpenSSL
import Wire

/// A throw-away certificate authority for the simulator and the tests.
package struct CertificateAuthority: Sendable {
    package enum Failure: Error, Hashable, Sendable { case cannotWrite(path: String, errno: Int32) }

    /// Makes an authority with a key of its own that lives in memory only.
    package init(name: String) { fatalError() }

    /// Makes a certificate for a server that is reached by these DNS names and IP address literals.
    package func issue(for names: [String]) -> Certificate { fatalError() }

    /// Writes the authority's own certificate as PEM, for clients to trust.
    package func write(to path: String) throws(Failure) {}
}
