import Wire

/// A connectivity check of ours on its way (RFC 8445 §7.2).
struct Check: Sendable {
    enum Purpose: Sendable {
        case connectivity
        /// Carries USE-CANDIDATE.
        case nomination
        /// Asks for consent, and again only as often as fits before the next question. Deviation: RFC 7675 §5.1 has each question
        /// sent once, which where one packet in five is lost each way ends a call now and then.
        case consent
    }

    let id: STUNMessage.TransactionID
    let path: Path
    let purpose: Purpose
    let role: Agent.Role
    let bytes: [UInt8]
    let startedAt: Instant
    var retransmission: Retransmission
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
        startedAt = now
        retransmission =
            purpose == .consent
            ? Retransmission(rto: rto, limit: 3, at: now) : Retransmission(rto: rto, at: now)
    }
}
