/// A throw-away certificate authority for the simulator and the tests.
package struct CertificateAuthority: Sendable {
    package enum Failure: Error, Hashable, Sendable { case cannotWrite(path: String, errno: Int32) }

    let certificate: Certificate

    /// Makes an authority whose key lives in memory only.
    package init(name: String) {
        certificate = .make(.init(commonName: name, days: 365, isAuthority: true), issuer: nil)
    }

    /// Makes a certificate for a server that is reached by these DNS names and IP address literals.
    ///
    /// A negative number of days gives one that has expired.
    package func issue(for names: [String], days: Int = 90) -> Certificate {
        .make(.init(commonName: names.first ?? "phonebard", days: days, names: names), issuer: certificate)
    }

    /// Writes the authority's own certificate as PEM, for clients to trust.
    package func write(to path: String) throws(Failure) {
        try certificate.write(to: path)
    }
}
