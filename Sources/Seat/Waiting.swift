import ControlAPI
import Dialect
import SIP
import Wire

/// A message to the platform that has no final response yet.
struct Waiting: Sendable {
    enum Purpose: Sendable, Equatable {
        case login
        case call(CallKind)
        case answer(CallID)
        case hangUp(CallID)
        case hold(CallID)
        case unhold(CallID)
        case setStatus(SeatStatus)
        case setMode(Command.SeatMode)
        /// The outcome comes in a notice.
        case expected(Expectation.Kind, CallID)
        case key
        /// The platform's own answer is still to come, to who asked.
        case monitor(CommandID)
        /// Nothing hangs on it.
        case unawaited
    }

    let purpose: Purpose
    let failure: SDKCode
    /// Who asked for it, nil when the seat itself did or the reply has been given.
    let command: CommandID?
    let deadline: Instant
}

extension Seat {
    /// Sends what the dialect wants sent and remembers what for.
    mutating func send(_ action: Action, _ purpose: Waiting.Purpose, for command: CommandID?, at now: Moment)
        -> [Output]
    {
        guard case .message(let target, let contentType, let body, let failure) = action,
            let uri = try? URI(parsing: target)
        else { return refuse(command, .platformUnreachable) }
        lastRequest += 1
        let id = RequestID(lastRequest)
        waiting[id] = Waiting(
            purpose: purpose, failure: failure, command: command, deadline: now.instant + configuration.answerTime)
        return agent(
            .send(id, .message, target: uri, headers: [.contentType: contentType], body: body), at: now)
    }

    mutating func responded(_ id: RequestID, status: Int?, timedOut: Bool = false, at now: Moment) -> [Output] {
        guard let request = waiting.removeValue(forKey: id) else { return [] }
        if let status, 200..<300 ~= status { return succeeded(request, at: now) }
        let problem: Problem =
            if let status { .platformRefused(status: status) } else if timedOut { .platformSilent } else {
                .connectionLost
            }
        return [.diagnostic(.messageRefused(request.failure, status: status))] + failed(request, problem, at: now)
    }

    mutating func waitingDeadline(at now: Moment) -> [Output] {
        let due = waiting.filter { $0.value.deadline <= now.instant }.keys.sorted { $0.rawValue < $1.rawValue }
        return due.flatMap { responded($0, status: nil, timedOut: true, at: now) }
    }

    private mutating func succeeded(_ request: Waiting, at now: Moment) -> [Output] {
        switch request.purpose {
        case .login, .monitor, .unawaited:
            return []
        case .call(let kind):
            return accept(request.command, result: .integer(Int64(kind.rawValue)))
        case .answer:
            return accept(request.command, result: true)
        case .key:
            return keySent(at: now)
        case .hangUp(let call):
            expectEnd(of: call, reason: .agentHungUp, at: now)
            return accept(request.command, result: true)
        case .hold(let call):
            return held(call, true, request, at: now)
        case .unhold(let call):
            return held(call, false, request, at: now)
        case .setStatus(let status):
            let data: JSON = ["status": .integer(Int64(status.rawValue))]
            return accept(request.command, result: true) + (isOnline ? seatStatus(status, data) : [])
        case .setMode(let mode):
            login?.mode = mode
            return accept(request.command, result: true)
        case .expected:
            return []
        }
    }

    private mutating func failed(_ request: Waiting, _ problem: Problem, at now: Moment) -> [Output] {
        let outputs = refuse(request.command, problem.with(code: request.failure))
        switch request.purpose {
        case .login: return outputs + messageAtLoginFailed(request.failure, problem)
        case .call: dialling = nil
        case .answer(let call): answerFailed(call, at: now)
        case .hold, .unhold, .setStatus, .setMode, .unawaited: break
        case .key: return outputs + keysFailed(problem.with(code: request.failure))
        case .expected(let kind, let call):
            return outputs + resolve(kind, call, with: .failure(problem.with(code: request.failure)))
        case .monitor(let command): return drive(.failed(command, problem), at: now)
        case .hangUp(let call): return outputs + terminateFailed(call, at: now)
        }
        return outputs
    }

    /// Answers a command whose message the platform has acted upon: its answer to the message may be lost.
    mutating func confirm(_ isMeant: (Waiting.Purpose) -> Bool) -> [Output] {
        let confirmed = waiting.filter { isMeant($0.value.purpose) }
        for id in confirmed.keys { waiting[id] = nil }
        return confirmed.values.flatMap { request in
            if case .call(let kind) = request.purpose {
                return accept(request.command, result: .integer(Int64(kind.rawValue)))
            }
            return accept(request.command, result: true)
        }
    }

    func accept(_ command: CommandID?, result: JSON) -> [Output] {
        command.map { [.reply($0, .success(["result": result]))] } ?? []
    }

    func refuse(_ command: CommandID?, _ problem: Problem) -> [Output] {
        command.map { [.reply($0, .failure(problem))] } ?? []
    }
}
