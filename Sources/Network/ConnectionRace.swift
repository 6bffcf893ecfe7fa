import Wire

/// Which of a server's addresses to try when: Happy Eyeballs, RFC 8305 §4 and §5.
///
/// The order is that of the system (RFC 6724) with the address families interleaved; the next address is tried when the
/// one before it has failed or has been silent for the Connection Attempt Delay, while that goes on.
struct ConnectionRace {
    /// What RFC 8305 §8 recommends.
    private static let attemptDelay = Duration.milliseconds(250)
    /// A name may stand for any number of addresses.
    private static let addressLimit = 16

    private var waiting: ArraySlice<Endpoint>
    private var running = 0
    /// When to ask for the ``next(at:)`` address.
    private(set) var deadline: Instant?

    init(_ endpoints: [Endpoint], at now: Instant) {
        waiting = Self.interleaved(endpoints).prefix(Self.addressLimit)
        deadline = now
    }

    /// Whether every address has failed.
    var isLost: Bool { waiting.isEmpty && running == 0 }

    /// The address to try now.
    mutating func next(at now: Instant) -> Endpoint? {
        guard let endpoint = waiting.popFirst() else { return nil }
        running += 1
        deadline = waiting.isEmpty ? nil : now + Self.attemptDelay
        return endpoint
    }

    /// One of the attempts has failed.
    mutating func failed(at now: Instant) {
        running -= 1
        deadline = waiting.isEmpty ? nil : now
    }

    /// The first address decides which family begins.
    private static func interleaved(_ endpoints: [Endpoint]) -> [Endpoint] {
        let isFirst4 = endpoints.first?.address.isIPv4
        var preferred = endpoints.filter { $0.address.isIPv4 == isFirst4 }[...]
        var other = endpoints.filter { $0.address.isIPv4 != isFirst4 }[...]
        var result: [Endpoint] = []
        while !preferred.isEmpty || !other.isEmpty {
            if let endpoint = preferred.popFirst() { result.append(endpoint) }
            if let endpoint = other.popFirst() { result.append(endpoint) }
        }
        return result
    }
}
