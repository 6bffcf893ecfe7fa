import HTTPTypes
import SIP
import Wire

/// What a test, a demonstration or an integrator makes happen.
extension Platform {
    /// - Parameters:
    ///   - offers: how often the call is offered in all; as configured when nil.
    package mutating func customerCalls(
        from number: String, to seat: String, offers: Int? = nil, at now: Instant
    ) throws(ScenarioProblem) -> (ccNumber: String, outputs: [Output]) {
        guard configuration.world.member(seat) != nil else { throw .noSuchExtension }
        guard presences[seat]?.status == .idle, isFree(seat) else { throw .noSeatIdle }
        return offer(customer(number), to: seat, group: nil, offers: offers ?? configuration.offers, at: now)
    }

    package mutating func customerCalls(
        from number: String, toGroup group: String, offers: Int? = nil, at now: Instant
    ) throws(ScenarioProblem) -> (ccNumber: String, outputs: [Output]) {
        guard configuration.world.groups.contains(where: { $0.id == group }) else { throw .noSuchGroup }
        guard let seat = idleSeat(of: group) else { throw .noSeatIdle }
        return offer(customer(number), to: seat, group: group, offers: offers ?? configuration.offers, at: now)
    }

    /// A customer hangs up, or gives up.
    package mutating func customerHangsUp(_ number: String, at now: Instant) throws(ScenarioProblem) -> [Output] {
        let legs = calls.values.filter { $0.customer?.number == number }.map(\.leg)
        guard !legs.isEmpty else { throw .noSuchCall }
        return legs.flatMap { hand(.partyHungUp, to: $0, at: now) }
    }

    /// A customer presses a key of the telephone (RFC 4733).
    package func customerPresses(_ key: Character, number: String) throws(ScenarioProblem) -> [Output] {
        let legs = calls.values.filter { $0.customer?.number == number }.map(\.leg)
        guard !legs.isEmpty else { throw .noSuchCall }
        return legs.map { .pressKey(key, $0) }
    }

    /// Logs a seat out with one of the reasons of platform protocol §3.2.
    package mutating func kickSeat(
        _ seat: String, reason: KickReason, at now: Instant
    ) throws(ScenarioProblem) -> [Output] {
        guard let presence = presences[seat] else { throw .notLoggedIn }
        _ = registrar.flowFailed(Registrar.Flow(presence.connection.rawValue))
        return kick(seat, reason: reason, at: now)
    }

    /// Cuts every SIP connection.
    package func dropConnections() -> [Output] {
        connections.keys.sorted { $0.rawValue < $1.rawValue }.map { .close($0) }
    }

    /// Cuts every SIP connection and refuses new ones until it is over.
    package mutating func setOutage(sip isOut: Bool) -> [Output] {
        outage.refusesSIP = isOut
        return isOut ? dropConnections() : []
    }

    /// The platform comes up anew: it knows no registration and no call any more.
    package mutating func restart() -> [Output] {
        let media = calls.keys.sorted { $0.rawValue < $1.rawValue }.map { Output.closeMedia($0) }
        let emptied = rooms.keys.sorted { $0.rawValue < $1.rawValue }.map { Output.mix($0, []) }
        let closed = dropConnections()
        endedCalls = Array(endedCalls.suffix(19)) + Array(calls.values)
        (calls, rooms, presences, connections) = ([:], [:], [:], [:])
        (connectionDeadlines, groupNotices) = (Deadlines(), [:])
        forgetRegistrations()
        return media + emptied + closed
    }
}

extension ScenarioProblem {
    package static let noSuchExtension = ScenarioProblem(.notFound, "no such extension")
    package static let noSuchGroup = ScenarioProblem(.notFound, "no such group")
    package static let noSuchCall = ScenarioProblem(.notFound, "that customer is in no call")
    package static let noSeatIdle = ScenarioProblem(.conflict, "the seat is offline, busy or in a call")
    package static let notLoggedIn = ScenarioProblem(.conflict, "the seat is not logged in")

    static func unusable(_ name: String) -> ScenarioProblem {
        ScenarioProblem(.badRequest, "\(name) is missing or unusable")
    }
}
