// Who a request is from, besides its From.
extension Request {
    /// What the caller asked to keep private: `id`, `header`, `user`, `session`, `none`, `critical` (RFC 3323 §4.2).
    package var privacy: [String] {
        headers.all(.privacy).flatMap { $0.split(separator: ";") }.map { $0.trimmed.lowercased() }
    }

    /// Who the network vouches for; worth as much as whoever sent the request is trusted (RFC 3325 §9.1).
    package var assertedIdentities: [NameAddress] { (try? headers.addresses(.assertedIdentity)) ?? [] }

    /// Who the caller wants the network to vouch for (RFC 3325 §9.2).
    package var preferredIdentities: [NameAddress] { (try? headers.addresses(.preferredIdentity)) ?? [] }

    /// On whose behalf a call comes that a REFER caused (RFC 3892 §3).
    package var referredBy: NameAddress? { (try? headers.addresses(.referredBy))?.first }

    /// Whom a REFER is about; nil unless there is exactly one (RFC 3515 §2.4.2).
    package var referTo: NameAddress? {
        guard let addresses = try? headers.addresses(.referTo), addresses.count == 1 else { return nil }
        return addresses.first
    }
}

extension HeaderName {
    package static let assertedIdentity: HeaderName = "P-Asserted-Identity"
    package static let preferredIdentity: HeaderName = "P-Preferred-Identity"
    package static let privacy: HeaderName = "Privacy"
    package static let referredBy: HeaderName = "Referred-By"
    package static let referTo: HeaderName = "Refer-To"
}
