import ControlAPI
import Dialect
import SIP
import Wire

/// How keys go to the other side.
package enum KeyTransport: String, Sendable, CaseIterable {
    /// As INFO requests in the call's dialog.
    case info
    /// As telephone-events in its sound (RFC 4733).
    case rtp
}

/// The keys of one command, on their way.
struct KeySequence: Sendable {
    enum Step: Sendable, Equatable {
        /// The key is with the platform or the audio, which have not said how it went.
        case sending(since: Instant)
        /// The next key's time is not come.
        case pausing(until: Instant)
    }

    let command: CommandID
    let call: CallID
    var rest: ArraySlice<Character>
    var step: Step

    /// A key that is sent has its answer from elsewhere; this only keeps a lost one from blocking the keys to come.
    static let patience = Duration.seconds(15)

    var deadline: Instant {
        switch step {
        case .sending(let since): since + Self.patience
        case .pausing(let end): end
        }
    }
}

/// The keys of a telephone: one after the other, apart from each other, or the far side would mix them up.
extension Seat {
    private static let keyTime = Duration.milliseconds(100)
    /// What the platform makes of an INFO: a key and silence.
    private static let keyInterval = Duration.milliseconds(240)
    private static let pauseTime = Duration.seconds(1)

    /// They go to the call that talks; one command at a time.
    mutating func sendKeys(_ keys: [Character], _ id: CommandID, at now: Moment) -> [Output] {
        guard login != nil, isOnline else { return refuse(id, notReady.with(code: .serverError)) }
        let talking = calls.first { $0.connectedSince != nil && !$0.isHeld && $0.ending == nil }
        guard let talking, keySequence == nil else { return refuse(id, .wrongState.with(code: .serverError)) }
        keySequence = KeySequence(
            command: id, call: talking.id, rest: keys[...], step: .pausing(until: now.instant))
        return nextKey(at: now)
    }

    /// Goes on when a pause is over; a call that has ended meanwhile, or waits, ends the keys.
    mutating func keyDeadline(at now: Moment) -> [Output] {
        guard let sequence = keySequence, sequence.deadline <= now.instant else { return [] }
        guard case .pausing = sequence.step else { return keysFailed(.platformSilent) }
        return nextKey(at: now)
    }

    private mutating func nextKey(at now: Moment) -> [Output] {
        guard let sequence = keySequence else { return [] }
        guard let key = sequence.rest.first else {
            keySequence = nil
            return accept(sequence.command, result: true)
        }
        guard let leg = talkingLeg(of: sequence.call), let login, isOnline else { return keysFailed(.wrongState) }
        keySequence?.rest.removeFirst()
        guard key != Command.Keys.pause else {
            keySequence?.step = .pausing(until: now.instant + Self.pauseTime)
            return []
        }
        keySequence?.step = .sending(since: now.instant)
        switch configuration.keyTransport {
        case .info: return sendKey(key, on: leg, login.user, at: now)
        case .rtp: return [.pressKey(leg, key, for: Self.keyTime, until: now.instant + KeySequence.patience)]
        }
    }

    private func talkingLeg(of call: CallID) -> LegID? {
        guard let index = index(of: call), !calls[index].isHeld, calls[index].ending == nil else { return nil }
        return legs.first { $0.value.call == call }?.key
    }

    private mutating func sendKey(_ key: Character, on leg: LegID, _ user: User, at now: Moment) -> [Output] {
        guard
            case .info(let contentType, let body, let failure) = dialect.action(
                for: .tone(key), user: user, at: now, using: &randomness)
        else { return keysFailed(.platformUnreachable) }
        lastRequest += 1
        let request = RequestID(lastRequest)
        waiting[request] = Waiting(
            purpose: .key, failure: failure, command: nil, deadline: now.instant + configuration.answerTime)
        return agent(
            .sendInCall(leg.call, request, .info, headers: [.contentType: contentType], body: body), at: now)
    }

    /// The platform has taken a key.
    mutating func keySent(at now: Moment) -> [Output] {
        guard let sequence = keySequence, case .sending(let since) = sequence.step else { return [] }
        guard sequence.rest.isEmpty else {
            keySequence?.step = .pausing(until: max(now.instant, since + Self.keyInterval))
            return []
        }
        keySequence = nil
        return accept(sequence.command, result: true)
    }

    /// The audio has begun to send a key: after the last one, too, there is its sound to wait for.
    mutating func keyPressed(_ leg: LegID, taking time: Duration?, at now: Moment) -> [Output] {
        guard legs[leg] != nil, let sequence = keySequence, case .sending = sequence.step else { return [] }
        guard let time else { return keysFailed(.keysNotTaken) }
        keySequence?.step = .pausing(until: now.instant + time)
        return []
    }

    mutating func keysFailed(_ problem: Problem) -> [Output] {
        guard let sequence = keySequence else { return [] }
        keySequence = nil
        return refuse(sequence.command, problem.with(code: .serverError))
    }

    /// A key of the other side's.
    func keyReceived(_ leg: LegID, _ key: Character) -> [Output] {
        guard let call = legs[leg]?.call else { return [] }
        return [.event(Event.Content(.dtmf, data: ["ccNumber": .string(call), "key": .string(String(key))]))]
    }
}
