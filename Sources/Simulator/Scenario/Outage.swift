/// What of the platform does not work.
struct Outage: Sendable, Equatable {
    /// Connections are refused.
    var refusesSIP = false
    /// What comes in is not heard, and nothing is said.
    var isSilent = false
}
