import ControlAPI
import Dialect
import Wire

/// The supervisor: listens in on the group's calls, joins them, ends them (platform protocol §3.4).
extension Seat {
    /// More calls at once are not told of.
    private static let mostReportedCalls = 4096

    mutating func monitor(_ verb: MonitorVerb, _ ccNumber: CallID, _ id: CommandID, at now: Moment) -> [Output] {
        guard isOnline else { return refuse(id, notReady.with(result: 1)) }
        guard verb != .startCallMonitor || (calls.isEmpty && dialling == nil) else {
            return refuse(id, .wrongState.with(result: 1))
        }
        return drive(.ask(verb, ccNumber, id, until: now.instant + configuration.answerTime), at: now)
    }

    mutating func drive(_ input: Monitor.Input, at now: Moment) -> [Output] {
        monitor.handle(input, at: now.instant).flatMap { carryOut($0, at: now) }
    }

    private mutating func carryOut(_ output: Monitor.Output, at now: Moment) -> [Output] {
        switch output {
        case .send(let verb, let call, let command): return send(verb, call, .monitor(command), at: now)
        case .reply(let command, let refusal): return [.reply(command, .monitored(refusal))]
        case .mute(let call, let isMuted):
            let isMuted = isMuted || self.isMuted(call)
            return legs.filter { $0.value.call == call }.keys.map { .muteLeg($0, isMuted) }
        case .expectEnd(let call):
            expectEnd(of: call, reason: .agentHungUp, at: now)
            return []
        case .takeBack(let call): return sendUnawaited(.stopCallMonitor, call, at: now)
        case .leave(let call):
            expectEnd(of: call, reason: .agentHungUp, at: now)
            return hangUpLegs(of: call, at: now)
        }
    }

    private mutating func send(
        _ verb: MonitorVerb, _ call: CallID, _ purpose: Waiting.Purpose, at now: Moment
    ) -> [Output] {
        guard let user = login?.user else { return [] }
        let action = dialect.action(for: .monitor(verb, call), user: user, at: now, using: &randomness)
        return send(action, purpose, for: nil, at: now)
    }

    mutating func sendUnawaited(_ verb: MonitorVerb, _ call: CallID, at now: Moment) -> [Output] {
        isOnline ? send(verb, call, .unawaited, at: now) : []
    }

    /// Said after each registration: the platform forgets it with the old one.
    mutating func watchCalls(at now: Moment) -> [Output] {
        guard let user = login?.user, user.isSupervisor else { return [] }
        let action = dialect.action(for: .watchCalls, user: user, at: now, using: &randomness)
        return send(action, .unawaited, for: nil, at: now)
    }

    /// Two events a call: of one that began before the login there is none, and what is said again is not told again.
    mutating func reported(_ call: CallID, isOver: Bool, _ data: JSON) -> [Output] {
        let known = reportedCalls.firstIndex(of: call)
        switch (known, isOver) {
        case (nil, false) where reportedCalls.count < Self.mostReportedCalls: reportedCalls.append(call)
        case (let known?, true): reportedCalls.remove(at: known)
        default: return []
        }
        return [.event(Event.Content(.repCallStatus, data: data))]
    }

    /// Whether the other sides are sent silence, by the agent's will or because the supervisor only listens.
    func isMuted(_ call: CallID) -> Bool {
        monitor.silences(call) || (index(of: call).map { calls[$0].isMuted } ?? false)
    }

    /// The watched call is another agent's: nothing but a ``MonitorVerb`` acts on it, and while listening nothing is heard.
    func isForbiddenWhileMonitoring(_ command: Command) -> Bool {
        switch command {
        case .answerPBXCall(let call), .terminate(let call), .hold(let call), .unhold(let call): monitor.call == call
        case .transferPBXCall(let transfer): monitor.call == transfer.ccNumber
        case .setAfterCallStatus(let call), .cancelAfterCallStatus(let call): monitor.call == call
        case .mute(let call), .unmute(let call): monitor.silences(call)
        case .sendDTMF: monitor.awaitsSilentLeg
        default: false
        }
    }
}
