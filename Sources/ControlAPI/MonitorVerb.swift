import Wire

/// What a supervisor does with the call of another agent, in the SDK's words.
package enum MonitorVerb: String, CaseIterable, Sendable {
    case startCallMonitor
    case stopCallMonitor
    case joinFromMonitor
    case exitJoinMonitor
    case endCallMonitor
    case terminateCall
}

extension Result<JSON, Problem> {
    /// What the SDK gives the callback of a ``MonitorVerb``: 0, or 1 with the reason beside it.
    package static func monitored(_ refusal: Problem?) -> Self {
        refusal.map { .failure($0.with(result: 1)) } ?? .success(["result": 0])
    }
}

extension Problem {
    package static let notSupervisor = Problem(
        status: 403, "not-supervisor", "Only a supervisor may do this, and with calls of the own group.")
}
