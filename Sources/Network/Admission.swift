import Wire

/// Counts a server's connections, in all and by where they come from.
struct Admission {
    enum Verdict {
        case admitted
        /// Over a limit: to be told so.
        case refused
        /// Over a limit while many others are being told so.
        case dropped
    }

    private enum Source: Hashable {
        case address(UInt32)
        /// The /64, which is what one site has to itself.
        case prefix(UInt64)
        case user(UInt32)

        init(_ peer: SocketPeer) {
            self =
                switch peer {
                case .network(let endpoint):
                    switch endpoint.address {
                    case .v4(let bits): .address(bits)
                    case .v6(let high, _): .prefix(high)
                    }
                case .process(let credentials): .user(credentials.userID)
                }
        }
    }

    private static let refusalLimit = 64

    private let limit: Int
    private let limitPerSource: Int
    private var admitted = 0
    private var refused = 0
    private var bySource: [Source: Int] = [:]

    init(_ limits: HTTPServer.Limits) {
        limit = limits.connections
        limitPerSource = limits.connectionsPerPeer
    }

    mutating func admit(_ peer: SocketPeer) -> Verdict {
        let source = Source(peer)
        if admitted < limit, bySource[source, default: 0] < limitPerSource {
            admitted += 1
            bySource[source, default: 0] += 1
            return .admitted
        }
        guard refused < Self.refusalLimit else { return .dropped }
        refused += 1
        return .refused
    }

    mutating func leave(_ peer: SocketPeer, _ verdict: Verdict) {
        switch verdict {
        case .admitted:
            admitted -= 1
            let source = Source(peer)
            let left = bySource[source, default: 1] - 1
            bySource[source] = left == 0 ? nil : left
        case .refused: refused -= 1
        case .dropped: break
        }
    }
}
