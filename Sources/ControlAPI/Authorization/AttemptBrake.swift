import Wire

/// Who is on the other side of a connection, as far as the connection itself tells.
package enum Client: Hashable, Sendable {
    case address(IPAddress)
    /// A process of this user id on the other end of a Unix socket.
    case user(UInt32)

    /// Whether others may be behind the same name: on loopback every program of every user is.
    var isShared: Bool {
        if case .address(let address) = self { address.isLoopback } else { false }
    }

    /// Who owns one IPv6 address owns 2⁶⁴ of them.
    fileprivate var accountable: Client {
        if case .address(.v6(let high, _)) = self, !isShared { .address(.v6(high: high, low: 0)) } else { self }
    }
}

/// Counts wrong tokens per client and says when a client has had too many.
///
/// A client may be wrong `allowance` times; after that once every `recovery` (the generic cell rate algorithm). The table is
/// bounded: when it is full, the client with the fewest recent failures is forgotten.
package struct AttemptBrake: Sendable {
    private let allowance: Duration
    private let recovery: Duration
    private let capacity: Int
    /// When all of a client's failures will be forgiven.
    private var forgiven: [Client: Instant] = [:]

    package init(allowance: Int = 10, recovery: Duration = .seconds(6), capacity: Int = 1024) {
        self.allowance = recovery * allowance
        self.recovery = recovery
        self.capacity = max(1, capacity)
    }

    /// How long the client has to wait before its next attempt, nil when it may try now.
    package func wait(for client: Client, at now: Instant) -> Duration? {
        guard let forgiven = forgiven[client.accountable] else { return nil }
        let wait = forgiven + recovery - (now + allowance)
        return wait > .zero ? wait : nil
    }

    package mutating func failed(_ client: Client, at now: Instant) {
        let client = client.accountable
        if forgiven[client] == nil, forgiven.count >= capacity { makeRoom(at: now) }
        forgiven[client] = max(forgiven[client] ?? now, now) + recovery
    }

    private mutating func makeRoom(at now: Instant) {
        forgiven = forgiven.filter { $0.value > now }
        guard forgiven.count >= capacity, let least = forgiven.min(by: { $0.value < $1.value }) else { return }
        forgiven[least.key] = nil
    }
}
