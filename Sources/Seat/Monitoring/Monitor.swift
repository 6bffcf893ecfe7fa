import ControlAPI
import Dialect
import Wire

/// What a supervisor is doing with another agent's call: the SDK's 班长监控状态图 (platform protocol §3.4).
///
/// One request at a time: until the platform has answered it, every other one is in the wrong state.
struct Monitor: Sendable {
    /// The raw values are those of `checkMonitorState`.
    enum State: Sendable, Equatable {
        case none
        /// The supervisor hears both sides and is heard by nobody.
        case listening(CallID)
        /// The three talk.
        case joined(CallID)
    }

    enum Input: Sendable {
        case ask(MonitorVerb, CallID, CommandID, until: Instant)
        case answered(MonitorVerb, CallID, refusal: Problem?)
        /// The message of this command was not taken.
        case failed(CommandID, Problem)
        /// The call is over, or its audio is.
        case callEnded(CallID)
        case loggedOut
        case deadlineReached
    }

    enum Output: Sendable, Equatable {
        case send(MonitorVerb, CallID, for: CommandID)
        case reply(CommandID, refusal: Problem?)
        /// Whether the microphone is off.
        case mute(CallID, Bool)
        /// The platform ends the supervisor's part in the call.
        case expectEnd(CallID)
        /// The platform may have done what it was not heard to do.
        case takeBack(CallID)
        /// There is nothing to hear any more.
        case leave(CallID)
    }

    private struct Request: Sendable {
        let verb: MonitorVerb
        let call: CallID
        let command: CommandID
        let deadline: Instant
    }

    private(set) var state = State.none
    private var request: Request?

    var deadline: Instant? { request?.deadline }

    /// The figure's arrows: where a verb leads to from here, nil where it leads nowhere.
    private func target(of verb: MonitorVerb, _ call: CallID) -> State? {
        switch (state, verb) {
        case (.none, .startCallMonitor): .listening(call)
        case (.none, .terminateCall): State.none
        case (.listening(call), .joinFromMonitor): .joined(call)
        case (.listening(call), .stopCallMonitor), (.listening(call), .endCallMonitor): State.none
        case (.joined(call), .exitJoinMonitor), (.joined(call), .endCallMonitor): State.none
        case (.none, _), (.listening, _), (.joined, _): nil
        }
    }

    mutating func handle(_ input: Input, at now: Instant) -> [Output] {
        switch (request, input) {
        case (nil, .ask(let verb, let call, let command, let deadline)) where target(of: verb, call) != nil:
            request = Request(verb: verb, call: call, command: command, deadline: deadline)
            return [.send(verb, call, for: command)]
        case (_, .ask(_, _, let command, _)):
            return [.reply(command, refusal: .wrongState)]

        case (let asked?, .answered(let verb, let call, let refusal)) where verb == asked.verb && call == asked.call:
            return refusal.map { fail(asked, $0) } ?? succeed(asked)
        case (let asked?, .failed(let command, let problem)) where command == asked.command:
            return fail(asked, problem)
        case (let asked?, .deadlineReached) where asked.deadline <= now:
            return fail(asked, .platformSilent)
        case (let asked?, .loggedOut):
            (request, state) = (nil, .none)
            return [.reply(asked.command, refusal: .notLoggedIn)]
        case (let asked?, .callEnded(let call)) where call == asked.call:
            (request, state) = (nil, .none)
            return [.reply(asked.command, refusal: asked.verb.endsWatching ? nil : .noSuchCall)]
        case (_, .callEnded(let call)):
            if state == .listening(call) || state == .joined(call) { state = .none }
            return []
        case (nil, .loggedOut):
            state = .none
            return []
        case (_, .answered), (_, .failed), (_, .deadlineReached):
            return []
        }
    }

    private mutating func succeed(_ asked: Request) -> [Output] {
        state = target(of: asked.verb, asked.call) ?? state
        request = nil
        let reply = Output.reply(asked.command, refusal: nil)
        return switch asked.verb {
        case .startCallMonitor, .terminateCall: [reply]
        case .joinFromMonitor: [.mute(asked.call, false), reply]
        case .stopCallMonitor, .exitJoinMonitor, .endCallMonitor:
            [.mute(asked.call, true), .expectEnd(asked.call), reply]
        }
    }

    private mutating func fail(_ asked: Request, _ problem: Problem) -> [Output] {
        request = nil
        let reply = Output.reply(asked.command, refusal: problem)
        if asked.verb == .startCallMonitor {
            return (problem == .platformSilent ? [.takeBack(asked.call)] : []) + [.leave(asked.call), reply]
        }
        guard problem == .noSuchCall, state != .none else { return [reply] }
        state = .none
        return [.leave(asked.call), reply]
    }
}

extension Monitor {
    /// The call that is watched, or is going to be.
    var call: CallID? {
        switch state {
        case .listening(let call), .joined(let call): call
        case .none: request?.verb == .startCallMonitor ? request?.call : nil
        }
    }

    /// Whether a leg that comes now may be the one to listen with.
    var awaitsSilentLeg: Bool { call != nil && !isHeard }

    /// Whether the microphone is off in this call.
    func silences(_ call: CallID) -> Bool { call == self.call && !isHeard }

    private var isHeard: Bool { if case .joined = state { true } else { false } }

    /// How the supervisor leaves a call that goes on without.
    func leaving(_ call: CallID) -> MonitorVerb? {
        guard call == self.call else { return nil }
        return isHeard ? .exitJoinMonitor : .stopCallMonitor
    }

    /// What `checkMonitorState` returns.
    var json: JSON {
        switch state {
        case .none: ["status": 0, "ccNumber": ""]
        case .listening(let call): ["status": 1, "ccNumber": .string(call)]
        case .joined(let call): ["status": 2, "ccNumber": .string(call)]
        }
    }
}

extension MonitorVerb {
    /// Whether the supervisor is out of the call when it is done.
    fileprivate var endsWatching: Bool {
        switch self {
        case .stopCallMonitor, .exitJoinMonitor, .endCallMonitor, .terminateCall: true
        case .startCallMonitor, .joinFromMonitor: false
        }
    }
}
