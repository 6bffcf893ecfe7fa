import Wire

/// A STUN request of ours on its way, sent again until it is answered or given up (RFC 8489 §6.2.1).
struct Check: Sendable {
    enum Purpose: Sendable {
        case connectivity
        /// Carries USE-CANDIDATE.
        case nomination
        /// Asks for consent, once only: the next one follows soon enough (RFC 7675 §5.1).
        case consent
    }

    /// Rc and Rm of RFC 8489 §6.2.1, with one transmission less than its default: with the default a dead path is
    /// found after 39.5 seconds, this way after 23.5.
    private enum Limit {
        static let transmissions = 6
        static let lastWait = 16
    }

    let id: STUNMessage.TransactionID
    let path: Path
    let purpose: Purpose
    let role: Agent.Role
    let bytes: [UInt8]
    let startedAt: Instant
    private let rto: Duration
    private var transmissions = 1
    /// When to act again: transmit, or give up.
    private(set) var nextAt: Instant
    /// A check superseded by a triggered one may still be answered, but is not sent again (RFC 8445 §7.3.1.4).
    var isCancelled = false

    init(
        id: STUNMessage.TransactionID, path: Path, purpose: Purpose, role: Agent.Role, bytes: [UInt8], rto: Duration,
        at now: Instant
    ) {
        self.id = id
        self.path = path
        self.purpose = purpose
        self.role = role
        self.bytes = bytes
        self.rto = rto
        startedAt = now
        nextAt = now + (purpose == .consent ? rto * Limit.lastWait : rto)
        if purpose == .consent { transmissions = Limit.transmissions }
    }

    var wasSentOnce: Bool { transmissions == 1 || purpose == .consent }

    /// Moves on when ``nextAt`` has passed: true to transmit again, false to give up.
    mutating func retransmit(at now: Instant) -> Bool {
        guard transmissions < Limit.transmissions else { return false }
        transmissions += 1
        nextAt = now + (transmissions == Limit.transmissions ? rto * Limit.lastWait : rto * (1 << (transmissions - 1)))
        return true
    }
}
