import SIP
import Wire

/// The registrar: digest, bindings, and the one who is logged in elsewhere (RFC 3261 §10.3, platform protocol §2).
extension Platform {
    /// `r` of `kickedOffLine`.
    enum KickReason: String { case loggedInElsewhere = "895", registrationExpired = "897" }

    mutating func register(
        _ request: Request, _ token: RequestToken, on id: ConnectionID, at now: Instant
    ) -> [Output] {
        let member: World.Member
        do throws(Refused) {
            member = try authenticate(request, on: id)
        } catch {
            return [.diagnostic(.registrationRefused(status: error.status))]
                + drive(.respond(token, status: error.status, headers: error.headers), on: id, at: now)
        }
        guard let contact = request.headers[.contact] else {
            return drive(.respond(token, status: 200), on: id, at: now)
        }
        if contact == "*" || expires(of: request, contact: contact) == .zero {
            return drive(.respond(token, status: 200), on: id, at: now)
                + removePresence(of: member.extension, onlyOn: id, at: now)
        }
        guard let address = try? NameAddress(parsing: contact) else {
            return drive(.respond(token, status: 400), on: id, at: now)
        }
        return bind(member, address, request, token, on: id, at: now)
    }

    private mutating func bind(
        _ member: World.Member, _ address: NameAddress, _ request: Request, _ token: RequestToken,
        on id: ConnectionID, at now: Instant
    ) -> [Output] {
        let seat = member.extension
        var outputs: [Output] = []
        if let old = presences[seat], old.connection != id {
            outputs =
                old.callID == request.callID
                ? removePresence(of: seat, at: now) : kick(seat, reason: .loggedInElsewhere, at: now)
        }
        let duration = expires(of: request, contact: address.description)
        let known = presences[seat]
        presences[seat] = Presence(
            connection: id, contact: address.uri, callID: request.callID, expiry: now + duration,
            status: known?.status, group: known?.group)
        connections[id]?.seat = seat
        var binding = address
        binding.parameters["expires"] = String(duration.components.seconds)
        outputs += drive(
            .respond(token, status: 200, headers: [.contact: binding.description]), on: id, at: now)
        return outputs + [.diagnostic(.registered(extension: seat))]
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
    mutating func removePresence(of seat: String, onlyOn id: ConnectionID? = nil, at now: Instant) -> [Output] {
        guard let presence = presences[seat], id == nil || presence.connection == id else { return [] }
        presences[seat] = nil
        connections[presence.connection]?.seat = nil
        let legs = calls.values.filter { $0.seat == seat }.map(\.leg).sorted { $0.rawValue < $1.rawValue }
        return legs.flatMap { hand(.seatLost, to: $0, at: now) } + [.diagnostic(.unregistered(extension: seat))]
    }
}

extension Platform {
    private struct Refused: Error {
        var status: Int
        var headers: Headers = [:]
    }

    private func authenticate(_ request: Request, on id: ConnectionID) throws(Refused) -> World.Member {
        guard let connection = connections[id] else { throw Refused(status: 500) }
        guard let user = request.to.uri.user, let member = configuration.world.member(sipUser: user) else {
            throw Refused(status: 404)
        }
        guard let text = request.headers[.authorization], let credentials = try? DigestCredentials(parsing: text)
        else { throw challenge(nonce: connection.nonce) }
        guard credentials.nonce == connection.nonce else { throw challenge(nonce: connection.nonce, stale: true) }
        guard credentials.realm == configuration.world.domain, !member.hasExpired,
            credentials.verify(username: user, password: Redacted(member.password), method: .register)
        else { throw Refused(status: 403) }
        return member
    }

    private func challenge(nonce: String, stale: Bool = false) -> Refused {
        let challenge = DigestChallenge(realm: configuration.world.domain, nonce: nonce, stale: stale)
        return Refused(status: 401, headers: [.wwwAuthenticate: challenge.description])
    }

    /// What the Contact's own parameter asks for, else the Expires header, within the platform's limit (RFC 3261 §10.3).
    private func expires(of request: Request, contact: String) -> Duration {
        let asked = (try? NameAddress(parsing: contact))?.parameters["expires"] ?? request.headers[.expires]
        guard let seconds = asked.flatMap({ UInt32($0) }) else { return configuration.registrationTime }
        return min(.seconds(Int64(seconds)), configuration.registrationTime)
    }
}
