import SIP
import Wire

/// The calling platform in a box, without sockets or clocks: what it answers to HTTP, to SIP and to scenario commands.
///
/// Hand in what happened, carry out what comes back in that order, and call ``deadlineReached(at:)`` when ``deadline``
/// has come. Each SIP connection, as RFC 7118 has it, carries whole messages.
package struct Platform: Sendable {
    package struct Configuration: Sendable {
        package var world = World.demonstration
        /// Customers who do not behave as their numbers say, by number.
        package var customers: [String: Customer] = [:]
        /// The Unix time in milliseconds at the start of the clock instants are read from.
        package var unixTimeAtZero: Int64 = 0
        /// How long a customer's telephone rings.
        package var answerTime = Duration.milliseconds(300)
        /// How long a call is tried before it counts as not connected.
        package var patience = Duration.seconds(15)
        /// The longest registration.
        package var registrationTime = Duration.seconds(600)
        /// How often a customer's call is offered in all before he gives up.
        package var offers = 3
        /// The port of SIP over WebSocket that the user API tells.
        package var sipPort: UInt16 = 0

        package init() {}
    }

    package struct ConnectionID: Hashable, Sendable {
        package let rawValue: UInt64
        package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    }

    /// The audio leg of a seat's call.
    package struct LegID: Hashable, Sendable {
        package let rawValue: UInt64
        package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    }

    package enum Output: Sendable, Equatable {
        case send([UInt8], on: ConnectionID)
        case close(ConnectionID)
        /// Make a media path and hand its offer to ``Platform/offerMade(_:for:at:)``.
        case makeOffer(LegID)
        case acceptAnswer(String, LegID)
        /// From now on these are in the room, and nobody else; one without members is gone.
        case mix(RoomID, [RoomMember])
        /// Sends the seat a key in place of the sound.
        case pressKey(Character, LegID)
        case closeMedia(LegID)
        case diagnostic(Diagnostic)
    }

    package enum Diagnostic: Sendable, Equatable {
        case sip(UserAgent.Diagnostic)
        case registered(extension: String)
        case unregistered(extension: String)
        case registrationRefused(status: Int)
        /// A MESSAGE whose body is none of the agent's verbs.
        case unknownBody
    }

    package var configuration: Configuration
    var randomness: Randomness
    var connections: [ConnectionID: Connection] = [:]
    var connectionDeadlines = Deadlines<ConnectionID>()
    /// The seats that are registered, by extension.
    var presences: [String: Presence] = [:]
    var registrar: Registrar
    var verifier: DigestVerifier
    var calls: [LegID: Call] = [:]
    var endedCalls: [Call] = []
    var rooms: [RoomID: [RoomMember]] = [:]
    /// How often customers were called, by number.
    var callsToCustomers: [String: Int] = [:]
    var rules = Rules()
    /// Seats whose audio is not on the line, by extension.
    var telephones: [String: Telephone] = [:]
    var telephoneConditions: [String: Telephone.Condition] = [:]
    var outage = Outage()
    /// When the seats of a skill group are told of each other, by group.
    var groupNotices: [String: Instant] = [:]
    private var lastSerial: UInt64 = 0

    package init(configuration: Configuration = Configuration(), randomness: Randomness) {
        self.configuration = configuration
        self.randomness = randomness
        registrar = Self.makeRegistrar(configuration)
        verifier = DigestVerifier(
            configuration: DigestVerifier.Configuration(realm: configuration.world.domain),
            randomness: randomness)
    }

    private static func makeRegistrar(_ configuration: Configuration) -> Registrar {
        var limits = Registrar.Configuration()
        limits.longestExpiration = Int(configuration.registrationTime.components.seconds)
        // A seat is one telephone: the next one takes its place.
        limits.bindingsPerAddress = 1
        return Registrar(configuration: limits)
    }

    mutating func forgetRegistrations() { registrar = Self.makeRegistrar(configuration) }

    /// False during an outage: a connection is to be refused before it opens.
    package var acceptsConnections: Bool { !outage.refusesSIP && !outage.isSilent }

    package mutating func connectionOpened(_ id: ConnectionID, at now: Instant) -> [Output] {
        connections[id] = Connection(agent: makeAgent())
        return drive(.transportConnected, on: id, at: now)
    }

    package mutating func receive(_ message: Span<UInt8>, on id: ConnectionID, at now: Instant) -> [Output] {
        guard !outage.isSilent else { return [] }
        let happened = connections[id]?.agent.receive(message, at: now) ?? []
        connectionDeadlines.set(connections[id]?.agent.deadline, for: id)
        return carryOut(happened, on: id, at: now)
    }

    package mutating func connectionClosed(_ id: ConnectionID, at now: Instant) -> [Output] {
        guard let connection = connections.removeValue(forKey: id) else { return [] }
        connectionDeadlines.set(nil, for: id)
        _ = registrar.flowFailed(Registrar.Flow(id.rawValue))
        guard let seat = connection.seat, presences[seat]?.connection == id else { return [] }
        return removePresence(of: seat, at: now)
    }

    package mutating func offerMade(_ offer: String, for leg: LegID, at now: Instant) -> [Output] {
        hand(.offerMade(offer), to: leg, at: now)
    }

    package mutating func mediaFailed(_ leg: LegID, at now: Instant) -> [Output] {
        hand(.mediaFailed, to: leg, at: now)
    }

    /// Whether it has gone silent.
    package var isSilent: Bool { outage.isSilent }

    /// The agent presses a key in the sound of a leg (RFC 4733).
    package mutating func keyPressed(_ key: Character, on leg: LegID) {
        calls[leg]?.digits.append(key)
    }

    /// Where a call is heard.
    package func room(of leg: LegID) -> RoomID? { calls[leg]?.room }

    /// What the media path of a leg measured, for ``state``; the last one may come when the call is over.
    package mutating func measured(_ measurement: Measurement, on leg: LegID) {
        calls[leg]?.measurement = measurement
        if let ended = endedCalls.lastIndex(where: { $0.leg == leg }) { endedCalls[ended].measurement = measurement }
    }

    /// When to call ``deadlineReached(at:)`` if nothing else happens first.
    package var deadline: Instant? {
        let next = earliest(earliest(connectionDeadlines.first, registrar.deadline), groupNotices.values.min())
        return calls.values.reduce(next) { earliest($0, $1.deadline) }
    }

    package mutating func deadlineReached(at now: Instant) -> [Output] {
        var outputs: [Output] = []
        for id in connectionDeadlines.takeDue(at: now).sorted(by: { $0.rawValue < $1.rawValue }) {
            outputs += drive(.deadlineReached, on: id, at: now)
        }
        outputs += registrationsExpired(at: now)
        for leg in calls.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
            outputs += callDeadlineReached(leg, at: now)
        }
        return outputs + groupNoticesDue(at: now)
    }

    mutating func nextSerial() -> UInt64 {
        lastSerial += 1
        return lastSerial
    }
}
