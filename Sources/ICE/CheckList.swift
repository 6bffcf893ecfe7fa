import Wire

/// The candidate pairs of one data stream and their states (RFC 8445 §6.1.2).
struct CheckList: Sendable {
    struct Pair: Sendable {
        /// RFC 8445 §6.1.2.6; a pair that succeeded is in the valid list.
        enum State: Sendable { case frozen, waiting, inProgress, succeeded, failed }

        let local: Candidate
        let remote: Candidate
        var state = State.frozen
        /// Whether the controlling peer has named it before our own check of it succeeded (RFC 8445 §7.3.1.5).
        var isNominatedByPeer = false

        var path: Path { Path(local: local.base, remote: remote.endpoint) }

        /// RFC 8445 §6.1.2.3.
        func priority(_ role: Agent.Role) -> UInt64 {
            let (controlling, controlled) =
                role == .controlling ? (local.priority, remote.priority) : (remote.priority, local.priority)
            let low = UInt64(min(controlling, controlled))
            let high = UInt64(max(controlling, controlled))
            return low << 32 &+ high << 1 &+ (controlling > controlled ? 1 : 0)
        }

        func hasSameFoundations(as other: Pair) -> Bool {
            local.foundation == other.local.foundation && remote.foundation == other.remote.foundation
        }
    }

    /// How many pairs there may be; RFC 8445 §6.1.2.5 wants a limit and 100 as its default.
    static let limit = 100

    private(set) var pairs: [Pair] = []
    /// Pairs to be checked before all others because the peer checked them (RFC 8445 §6.1.4.1).
    private var triggered: [Path] = []

    init() {}

    /// Pairs of one address family, the best by priority, one of each foundation waiting (RFC 8445 §6.1.2).
    init(local: [Candidate], remote: [Candidate], role: Agent.Role) {
        add(local, remote, role: role)
    }

    /// Adds the pairs of candidates that came later (RFC 8838 §12).
    mutating func add(_ local: [Candidate], _ remote: [Candidate], role: Agent.Role) {
        let all = local.filter(\.isBase).flatMap { local in
            remote.compactMap { remote in local.canReach(remote) ? Pair(local: local, remote: remote) : nil }
        }
        let sorted = all.sorted { $0.priority(role) > $1.priority(role) }
        for pair in sorted where pairs.count < Self.limit && index(of: pair.path) == nil { pairs.append(pair) }
        thaw()
    }

    mutating func remove(_ base: Endpoint) {
        pairs.removeAll { $0.local.base == base }
        triggered.removeAll { $0.local == base }
        thaw()
    }

    subscript(path: Path) -> Pair? { index(of: path).map { pairs[$0] } }

    /// How many checks are running or may start, which sets the pace of retransmission (RFC 8445 §14.3).
    var activeCount: Int { pairs.count { $0.state == .waiting || $0.state == .inProgress } }

    var hasWaiting: Bool { pairs.contains { $0.state == .waiting } }

    /// The best pair that works.
    func bestValid(_ role: Agent.Role) -> Pair? { best(role) { $0.state == .succeeded } }

    /// Whether a pair better than this one may still turn out to work.
    func mayImprove(on pair: Pair, role: Agent.Role) -> Bool {
        pairs.contains {
            $0.state != .succeeded && $0.state != .failed && $0.priority(role) > pair.priority(role)
        }
    }

    /// The best pair that waits (RFC 8445 §6.1.4.2).
    mutating func takeWaiting(_ role: Agent.Role) -> Pair? {
        guard let pair = best(role, where: { $0.state == .waiting }) else { return nil }
        set(.inProgress, of: pair.path)
        return pair
    }

    mutating func takeTriggered() -> Pair? {
        while !triggered.isEmpty {
            guard let pair = self[triggered.removeFirst()], pair.state != .succeeded else { continue }
            set(.inProgress, of: pair.path)
            return pair
        }
        return nil
    }

    mutating func set(_ state: Pair.State, of path: Path) {
        guard let index = index(of: path) else { return }
        pairs[index].state = state
        if state == .succeeded {
            for other in pairs.indices where pairs[other].state == .frozen {
                if pairs[other].hasSameFoundations(as: pairs[index]) { pairs[other].state = .waiting }
            }
        }
        thaw()
    }

    mutating func setNominatedByPeer(_ path: Path) {
        if let index = index(of: path) { pairs[index].isNominatedByPeer = true }
    }

    mutating func trigger(_ path: Path) {
        if !triggered.contains(path) { triggered.append(path) }
    }

    /// Adds the pair a check from an unknown address makes, in place of one that has failed where the list is full, or not
    /// at all (RFC 8445 §7.3.1.3).
    mutating func add(_ pair: Pair) -> Bool {
        if pairs.count >= Self.limit, let failed = pairs.firstIndex(where: { $0.state == .failed }) {
            pairs.remove(at: failed)
        }
        guard pairs.count < Self.limit else { return false }
        pairs.append(pair)
        return true
    }

    /// Forgets the pairs that have not succeeded, once one is selected, but those the peer nominated as well
    /// (RFC 8445 §8.1.2; RFC 5245 peers nominate several).
    mutating func conclude() {
        pairs.removeAll { $0.state != .succeeded && !$0.isNominatedByPeer }
        let remaining = Set(pairs.map(\.path))
        triggered.removeAll { !remaining.contains($0) }
    }

    /// Lets one pair of each foundation wait that has none waiting or in progress (RFC 8445 §6.1.2.6, §6.1.4.2).
    private mutating func thaw() {
        for index in pairs.indices where pairs[index].state == .frozen {
            let isHeld = pairs.contains {
                ($0.state == .waiting || $0.state == .inProgress) && $0.hasSameFoundations(as: pairs[index])
            }
            if !isHeld { pairs[index].state = .waiting }
        }
    }

    private func best(_ role: Agent.Role, where isWanted: (Pair) -> Bool) -> Pair? {
        pairs.lazy.filter(isWanted).max { $0.priority(role) < $1.priority(role) }
    }

    private func index(of path: Path) -> Int? {
        pairs.firstIndex { $0.path == path }
    }
}

extension Candidate {
    /// Same family, and link-local IPv6 with its like only (RFC 8445 §6.1.2.2).
    fileprivate func canReach(_ remote: Candidate) -> Bool {
        endpoint.address.isIPv4 == remote.endpoint.address.isIPv4
            && endpoint.address.isLinkLocal6 == remote.endpoint.address.isLinkLocal6
    }
}

extension IPAddress {
    fileprivate var isLinkLocal6: Bool {
        if case .v6(let high, _) = self { high >> 54 == 0x3FA } else { false }
    }
}
