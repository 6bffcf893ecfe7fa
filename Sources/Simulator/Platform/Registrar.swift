import SIP
import Wire

/// The registrar: digest, bindings, and the one who is logged in elsewhere (platform protocol §2).
extension Platform {
    /// `r` of `kickedOffLine`.
    package enum KickReason: String, CaseIterable, Sendable {
        case loggedInElsewhere = "895"
        case registrationExpired = "897"
        case accountChanged = "898"
        case enterpriseStopped = "899"
    }

    mutating func register(
        _ request: Request, _ token: RequestToken, on id: ConnectionID, at now: Instant
    ) -> [Output] {
        guard let user = request.to.uri.user, let member = configuration.world.member(sipUser: user) else {
            return refuse(token, 404, on: id, at: now)
        }
        switch verifier.check(request, username: user, password: Redacted(member.password), at: now) {
        case .challenge(let headers): return refuse(token, 401, headers, on: id, at: now)
        case .refused(let status): return refuse(token, status, on: id, at: now)
        case .authentic where member.hasExpired: return refuse(token, 403, on: id, at: now)
        case .authentic(let headers):
            var outcome = registrar.register(request, over: Registrar.Flow(id.rawValue), at: now)
            outcome.headers.append(headers)
            let isLeaving = outcome.bound.isEmpty
            let gone = outcome.removed.filter { isLeaving || $0.flow.rawValue != id.rawValue }.flatMap { binding in
                isLeaving || binding.isSameTelephone(as: request)
                    ? removePresence(of: member.extension, at: now)
                    : kick(member.extension, reason: .loggedInElsewhere, at: now)
            }
            let answer = drive(
                .respond(token, status: outcome.status, headers: outcome.headers), on: id, at: now)
            return gone + outcome.bound.flatMap { bind($0, to: member.extension, on: id) } + answer
        }
    }

    private mutating func refuse(
        _ token: RequestToken, _ status: Int, _ headers: Headers = [:], on id: ConnectionID, at now: Instant
    ) -> [Output] {
        [.diagnostic(.registrationRefused(status: status))]
            + drive(.respond(token, status: status, headers: headers), on: id, at: now)
    }

    private mutating func bind(_ binding: Registrar.Binding, to seat: String, on id: ConnectionID) -> [Output] {
        let known = presences[seat]
        var presence = known ?? Presence(connection: id, contact: binding.contact.uri)
        (presence.connection, presence.contact) = (id, binding.contact.uri)
        presences[seat] = presence
        connections[id]?.seat = seat
        return [.diagnostic(.registered(extension: seat))]
    }

    /// Ends the registrations whose time is over.
    mutating func registrationsExpired(at now: Instant) -> [Output] {
        let users = registrar.deadlineReached(at: now).compactMap(\.addressOfRecord.user)
        return users.compactMap { configuration.world.member(sipUser: $0)?.extension }
            .flatMap { kick($0, reason: .registrationExpired, at: now) }
    }

    /// Tells a seat that it is logged out, and forgets it.
    mutating func kick(_ seat: String, reason: KickReason, at now: Instant) -> [Output] {
        let notice = Element(
            "o", [:],
            [
                Element(
                    "a", [:], [Element("u", ["n": seat, "a": "o", "nm": "坐席" + seat, "r": reason.rawValue])])
            ])
        return tell(seat, notice, at: now) + removePresence(of: seat, at: now)
    }

    /// Forgets a seat; its calls end.
    mutating func removePresence(of seat: String, at now: Instant) -> [Output] {
        groupChanged(of: seat, at: now)
        guard let presence = presences.removeValue(forKey: seat) else { return [] }
        connections[presence.connection]?.seat = nil
        let legs = calls.values.filter { $0.seat == seat }.map(\.leg).sorted { $0.rawValue < $1.rawValue }
        return legs.flatMap { hand(.seatLost, to: $0, at: now) } + [.diagnostic(.unregistered(extension: seat))]
    }
}

extension Registrar.Binding {
    /// Whether who registers is who has this binding, on another connection.
    fileprivate func isSameTelephone(as request: Request) -> Bool {
        if callID == request.callID { return true }
        return instance != nil && instance == request.contacts.first?.parameters["+sip.instance"]
    }
}
