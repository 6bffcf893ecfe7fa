import Wire

/// A transport address media may flow to or from (RFC 8445 §5.1), of the one component there is.
package struct Candidate: Sendable, Equatable {
    /// The type preferences of RFC 8445 §5.1.2.2.
    package enum Kind: UInt32, Sendable { case host = 126, peerReflexive = 110, serverReflexive = 100, relayed = 0 }

    package var foundation: String
    package var kind: Kind
    package var priority: UInt32
    package var endpoint: Endpoint
    /// Where a candidate of ours is sent from: a socket's address, or the relayed address (RFC 8445 §5.1.1.2).
    package var base: Endpoint
    /// The `raddr` and `rport` of RFC 8839 §5.1; nil where there is none or it is nobody's business.
    package var related: Endpoint?

    package init(
        foundation: String, kind: Kind, priority: UInt32, endpoint: Endpoint, base: Endpoint? = nil,
        related: Endpoint? = nil
    ) {
        self.foundation = foundation
        self.kind = kind
        self.priority = priority
        self.endpoint = endpoint
        self.base = base ?? endpoint
        self.related = related
    }

    /// Whether datagrams are sent from it, and not from another candidate's address in truth.
    var isBase: Bool { endpoint == base }

    /// Host candidates of bound sockets, the first preferred; each address has a foundation of its own.
    static func host(_ endpoints: [Endpoint]) -> [Candidate] {
        endpoints.enumerated().map { index, endpoint in
            let priority = priority(kind: .host, localPreference: UInt16(truncatingIfNeeded: 65_535 - index))
            return Candidate(foundation: String(index + 1), kind: .host, priority: priority, endpoint: endpoint)
        }
    }

    /// The address a STUN server or a peer sees instead of this host candidate's.
    func reflexive(_ kind: Kind, _ endpoint: Endpoint, foundation suffix: String) -> Candidate {
        Candidate(
            foundation: foundation + suffix, kind: kind,
            priority: Candidate.priority(kind: kind, localPreference: UInt16(truncatingIfNeeded: priority >> 8)),
            endpoint: endpoint, base: base, related: base)
    }

    /// The formula of RFC 8445 §5.1.2.1 for component 1.
    static func priority(kind: Kind, localPreference: UInt16) -> UInt32 {
        kind.rawValue << 24 | UInt32(localPreference) << 8 | 255
    }

    /// What a check tells the peer: the priority of the peer-reflexive candidate it may discover (RFC 8445 §7.1.1).
    var peerReflexivePriority: UInt32 {
        Candidate.priority(kind: .peerReflexive, localPreference: UInt16(truncatingIfNeeded: priority >> 8))
    }
}

/// The fragment and password of one side (RFC 8445 §5.3).
package struct Credentials: Sendable, Equatable {
    package let ufrag: String
    package let password: Redacted<String>

    package init(ufrag: String, password: Redacted<String>) {
        self.ufrag = ufrag
        self.password = password
    }

    /// 48 and 143 bits of randomness, where RFC 8445 §5.3 wants at least 24 and 128.
    init(using randomness: inout Randomness) {
        self.init(ufrag: randomness.token(length: 8), password: Redacted(randomness.token(length: 24)))
    }

    var key: [UInt8] { Array(password.value.utf8) }
}

/// What the peer's session description says of ICE.
package struct RemoteDescription: Sendable, Equatable {
    package var credentials: Credentials
    package var candidates: [Candidate]
    package var isLite: Bool

    package init(credentials: Credentials, candidates: [Candidate], isLite: Bool = false) {
        self.credentials = credentials
        self.candidates = candidates
        self.isLite = isLite
    }
}

/// The two ends of a way through the network; the local one is a candidate's base.
package struct Path: Hashable, Sendable {
    package var local: Endpoint
    package var remote: Endpoint

    package init(local: Endpoint, remote: Endpoint) {
        self.local = local
        self.remote = remote
    }
}
