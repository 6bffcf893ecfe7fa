import ControlAPI
import Dialect
import Wire

/// A command whose outcome the platform tells in a notice of its own, besides answering the message.
struct Expectation: Sendable {
    enum Kind: Sendable, Equatable {
        case transfer
        case afterCallStatus(Bool)
    }

    let kind: Kind
    let call: CallID
    let command: CommandID
    let failure: SDKCode
    var deadline: Instant
}

/// Calls handed over, and work after them.
extension Seat {
    /// A colleague may take his time to answer.
    private static let transferTime = Duration.seconds(60)
    /// How long the outcome may come after the call's end.
    private static let lateOutcomeTime = Duration.seconds(5)

    mutating func transfer(_ transfer: Command.Transfer, _ id: CommandID, at now: Moment) -> [Output] {
        expect(
            .transfer, of: transfer.ccNumber, within: Self.transferTime, failure: .transferFailed,
            .transfer(transfer.ccNumber, group: transfer.gid, extensionNumber: transfer.transNumber), id, at: now)
    }

    mutating func setAfterCallStatus(_ isSet: Bool, _ ccNumber: CallID, _ id: CommandID, at now: Moment) -> [Output] {
        expect(
            .afterCallStatus(isSet), of: ccNumber, within: configuration.answerTime,
            failure: isSet ? .afterCallFailed : .afterCallCancelFailed, .setAfterCallStatus(ccNumber, isSet), id,
            at: now)
    }

    /// One at a time for a call, and none that would change nothing.
    private mutating func expect(
        _ kind: Expectation.Kind, of ccNumber: CallID, within time: Duration, failure: SDKCode, _ verb: Verb,
        _ id: CommandID, at now: Moment
    ) -> [Output] {
        guard let login, isOnline else { return refuse(id, notReady.with(code: failure)) }
        guard let index = index(of: ccNumber) else { return refuse(id, .noSuchCall.with(code: failure)) }
        let call = calls[index]
        guard call.connectedSince != nil, call.ending == nil, kind != .afterCallStatus(call.hasAfterCallWork),
            !expectations.contains(where: { $0.call == ccNumber })
        else { return refuse(id, .wrongState.with(code: failure)) }
        expectations.append(
            Expectation(kind: kind, call: ccNumber, command: id, failure: failure, deadline: now.instant + time))
        let action = dialect.action(for: verb, user: login.user, at: now, using: &randomness)
        return send(action, .expected(kind, ccNumber), for: nil, at: now)
    }

    mutating func transferred(_ call: CallID, isDone: Bool, _ data: JSON) -> [Output] {
        let outcome: JSON = ["type": isDone ? "transferCallSuccess" : "transferCallFaild", "data": data]
        return resolve(.transfer, call, with: isDone ? .success(outcome) : .failure(.transferFailed(outcome)))
    }

    /// The notice names no call, and there is one at a time.
    mutating func afterCallStatusAnswered(_ isSet: Bool) -> [Output] {
        guard let expected = expectations.first(where: { $0.kind != .transfer }) else { return [] }
        guard isSet else {
            return resolve(
                expected.kind, expected.call, with: .failure(.platformUnwilling.with(code: expected.failure)))
        }
        if let index = index(of: expected.call) {
            calls[index].hasAfterCallWork = expected.kind == .afterCallStatus(true)
        }
        return resolve(expected.kind, expected.call, with: .success(["result": true]))
    }

    mutating func resolve(_ kind: Expectation.Kind, _ call: CallID, with result: Result<JSON, Problem>) -> [Output] {
        guard let index = expectations.firstIndex(where: { $0.kind == kind && $0.call == call }) else { return [] }
        return [.reply(expectations.remove(at: index).command, result)]
    }

    /// The call is over; the outcome may be on its way.
    mutating func expectNoMore(of call: CallID, at now: Moment) {
        for index in expectations.indices where expectations[index].call == call {
            expectations[index].deadline = min(expectations[index].deadline, now.instant + Self.lateOutcomeTime)
        }
    }

    mutating func expectationDeadlines(at now: Moment) -> [Output] {
        let due = expectations.filter { $0.deadline <= now.instant }
        expectations.removeAll { $0.deadline <= now.instant }
        return due.flatMap { expected -> [Output] in
            let problem: Problem = index(of: expected.call) == nil ? .noSuchCall : .platformSilent
            return refuse(expected.command, problem.with(code: expected.failure))
        }
    }

    /// Nobody is left to tell the outcome.
    mutating func refuseExpectations() -> [Output] {
        defer { expectations = [] }
        return expectations.flatMap { refuse($0.command, .notLoggedIn.with(code: $0.failure)) }
    }
}
