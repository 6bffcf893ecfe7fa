import Wire

/// Whether a peer is still there, where ICE does not ask it: a source that has reported regularly, and neither speaks nor reports any
/// more, is gone (RFC 3550 §6.3.5).
///
/// Deviation: that takes five of the longest intervals between its reports and at least as long as consent lasts (RFC 7675 §5.1);
/// who has never reported, or has said goodbye, is not expected to.
struct Attendance: Sendable {
    private static let patience = Duration.seconds(30)
    private static let missedReports = 5

    private var reporter: UInt32?
    private var lastReport: Instant?
    private var longestInterval: Duration?
    private var packets: UInt64 = 0
    private var lastSign: Instant?

    mutating func report(from source: UInt32, at now: Instant) {
        if source != reporter { (reporter, lastReport, longestInterval) = (source, nil, nil) }
        if let lastReport { longestInterval = max(longestInterval ?? .zero, now - lastReport) }
        (lastReport, lastSign) = (now, now)
    }

    /// To be asked time and again: who is not expected to speak now has not been silent either.
    ///
    /// - Parameters:
    ///   - source: whose sound came last.
    ///   - packets: how many there have been.
    mutating func isOver(isExpected: Bool, source: UInt32?, packets: UInt64, at now: Instant) -> Bool {
        guard isExpected, source == reporter, packets == self.packets, let lastSign, let longestInterval else {
            (self.packets, lastSign) = (packets, now)
            return false
        }
        return now - lastSign >= max(Self.patience, longestInterval * Self.missedReports)
    }
}
