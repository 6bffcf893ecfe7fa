/// The timer values of RFC 3261 §17.1.1.1 and Table 4, for a reliable transport: D, I, J and K are zero there.
extension Duration {
    /// The estimate of the round trip.
    static let t1 = Duration.milliseconds(500)
    /// The longest interval between retransmissions.
    static let t2 = Duration.seconds(4)
    /// 64·T1: timers B, F, H, L and M.
    static let transactionTimeout = Duration.t1 * 64
    /// How long an INVITE may go without any response before 100 is sent (RFC 3261 §17.2.1).
    static let trying = Duration.milliseconds(200)
}

/// Why a transaction ended without what it waited for (RFC 3261 §8.1.3.1).
package enum TransactionFailure: Sendable, Equatable {
    case timedOut
    case transport
}
