import ControlAPI
import Dialect
import SIP
import Testing
import Wire

@testable import Seat

/// A seat and a scripted platform in virtual time: messages arrive at once, deadlines come when the story advances.
final class Story {
    private(set) var now = Moment(instant: Instant(nanoseconds: 0), unixMilliseconds: 1_760_000_000_000)
    private(set) var seat: Seat
    private var platform: UserAgent
    private(set) var isConnected = false
    private(set) var probes = 0
    /// What goes into the log.
    private(set) var diagnostics: [Seat.Diagnostic] = []
    private var lastCommand: UInt64 = 0
    private var lastRequest: UInt64 = 0
    private var lastInvite: UInt64 = 0
    /// What the seat causes may come back to it before it is done.
    private var depth = 0

    /// What subscribers were told, as `event`, `event type` with the most telling members of the data.
    private(set) var events: [Event.Content] = []
    /// What they were told of the registration.
    private(set) var steps: [JSON] = []
    private(set) var replies: [CommandID: Result<JSON, Problem>] = [:]
    /// The bodies of the seat's messages, without the XML declaration.
    private(set) var bodies: [String] = []
    private(set) var openLegs: [LegID] = []
    private(set) var recorded: [String] = []
    private(set) var mutedLegs: Set<LegID> = []
    /// Those that could be heard from the beginning.
    private(set) var everUnmuted: Set<LegID> = []
    private(set) var infos: [Request] = []
    private(set) var pressedKeys: [Character] = []
    /// Nil while there is no sound to put them into.
    var takesKeys: Bool? = true
    var keyTime = Duration.milliseconds(240)
    /// Until when the last key may be sent.
    private(set) var keysEnd: Instant?
    private(set) var connects: [String] = []
    private(set) var fetches: [FetchID] = []
    private(set) var urls: [String] = []
    /// The platform's side of the audio legs: what became of its INVITEs.
    private(set) var legAnswers: [CallHandle: Response] = [:]
    private(set) var endedLegs: [CallHandle] = []
    /// What became of its requests in calls.
    private(set) var answersInCall: [Response] = []
    private(set) var registrations: [(expires: String?, authorized: Bool)] = []

    // What the platform is like.
    var acceptsConnections = true
    var password = "1006"
    /// What the platform says of the agent.
    var permission = "0"
    var answersMessages: Int? = 200
    var refusesRegistration: Int?
    var retryAfter: String?
    var answersMedia = true
    /// Whether a leg has its offer or answer ready at once.
    var offersMedia = true
    /// Whether the platform's ACK answers an offer in a 200 of the seat's; nil for no ACK.
    var answersInAcknowledgement: Bool? = true
    /// The agent's skill groups, as JSON.
    var groups = "[]"
    /// The enterprise's, as JSON.
    var profile = #"{"extension_start":1000,"extension_end":1999}"#
    /// Takes nothing in and says nothing.
    var isDeaf = false

    /// The address on this side of the connections.
    var localAddress = IPAddress("192.0.2.7")
    /// Gateways that no connection can be made to; nobody there says no.
    var unreachable: Set<String> = []

    init(socketURI: String? = "wss://gateway.example", seed: String? = nil, keyTransport: KeyTransport = .info) {
        var platform = Platform.Configuration(hosts: HostTable(["": "ops.example"]))
        platform.encryptionSeed = seed.map { Redacted($0) }
        var configuration = Seat.Configuration(gateways: socketURI.map { [$0] } ?? [])
        configuration.keyTransport = keyTransport
        seat = Seat(
            configuration: configuration, dialect: Platform(configuration: platform), randomness: .seeded(1))
        self.platform = Self.makePlatform()
    }

    /// Offers the platform got in its calls, and what came of them at the seat; nil is a refusal.
    private(set) var legOffers: [String?] = []
    private(set) var legAnswersTaken: [String?] = []
    private(set) var fragments: [String] = []
    /// With which status the platform answers offers, nil for not at all.
    var answersOffers: Int? = 200

    private static func makePlatform() -> UserAgent {
        var configuration = UserAgent.Configuration(
            addressOfRecord: NameAddress(URI(user: "PBX", host: "sip.example")),
            contact: URI(user: "PBX", host: "pbx.invalid"), viaHost: "pbx.invalid")
        configuration.accepted = [.message, .register]
        var platform = UserAgent(configuration: configuration, randomness: .seeded(2))
        _ = platform.handle(.transportConnected, at: Instant(nanoseconds: 0))
        return platform
    }
}

/// The agent's side.
extension Story {
    @discardableResult
    func command(_ command: Command) -> CommandID {
        lastCommand += 1
        let id = CommandID(lastCommand)
        feed(.command(id, command))
        return id
    }

    func reply(_ command: Command) -> Result<JSON, Problem>? {
        replies[self.command(command)]
    }

    /// `getUser` with every step answered.
    func getUser(_ pwd: String = "1006", telephone: Command.Telephone = .here) {
        command(
            .getUser(.init(un: "1006", pwd: Redacted(pwd), switchnumber: "02566699734", telephone: telephone)))
        answerFetches()
    }

    /// Answers every step of `getUser`.
    func answerFetches() {
        for answer in [
            #"{"status":0,"data":{"domain":"sip.example","real_domain":"web.example","eid":65656}}"#,
            "{\"status\":0,\"data\":{\"epProfile\":\(profile)}}",
            "{\"status\":0,\"data\":{\"displayname\":\"Li\",\"permission\":\"\(permission)\",\"inGroups\":\(groups)}}",
            #"{"status":0}"#, #"{"status":0}"#,
        ] {
            guard let fetch = fetches.last else { return }
            feed(.fetched(fetch, Array(answer.utf8)))
        }
    }

    static let login = Command.Initialize(un: "1006", pwd: Redacted("1006"), switchnumber: "02566699734", gid: "2033")

    /// Logs in up to the platform's word that the seat is idle.
    func logIn(telephone: Command.Telephone = .here) {
        getUser(telephone: telephone)
        command(.initialize(Self.login))
        notice(#"<cc a="1"/>"#)
        events = []
        bodies = []
    }

    /// An outgoing call that the other side has answered; the events so far are taken off the list.
    func talk(_ call: String = "7") {
        command(.call(number: "10010"))
        notice("<cc a=\"201\" r=\"200\" c=\"\(call)\" n=\"10010\"/>")
        invite(for: call)
        notice("<cc a=\"104\" c=\"\(call)\" n=\"10010\"/>")
        events = []
    }

    func feed(_ input: Seat.Input) {
        depth += 1
        for output in seat.handle(input, at: now) { carryOut(output) }
        depth -= 1
        guard depth == 0, seat.login?.link.isTold ?? true else { return }
        #expect(seat.toldStep == seat.registrationStep(at: now), "subscribers know what the snapshot shows")
    }

    private func carryOut(_ output: Seat.Output) {
        switch output {
        case .reply(let id, let result): replies[id] = result
        case .event(let event) where event.name == .registration: steps.append(event.data)
        case .event(let event): events.append(event)
        case .fetch(let id, let url):
            fetches.append(id)
            urls.append(url.value)
        case .connect(let uri): connect(uri)
        case .disconnect: isConnected = false
        case .transmit(let message):
            if isConnected, !isDeaf { atPlatform(platform.receive(message.span, at: now.instant)) }
        case .offerToLeg(let leg, _): offer(to: leg)
        case .candidatesForLeg(_, let fragment): fragments.append(fragment)
        case .answerToLeg(_, let sdp): legAnswersTaken.append(sdp)
        case .muteLeg(let leg, true): mutedLegs.insert(leg)
        case .muteLeg(let leg, false): mutedLegs.remove(leg)
        case .offerFromLeg(let leg):
            guard answersMedia else { return feed(.legRefused(leg, warning: Warning(code: 304, text: "no media"))) }
            if !openLegs.contains(leg) { openLegs.append(leg) }
            if offersMedia { feed(.legOffers(leg, sdp: "v=0 offer")) }
        case .pressKey(let leg, let key, _, let end):
            keysEnd = end
            guard let takesKeys else { return }
            if takesKeys { pressedKeys.append(key) }
            feed(.keyPressed(leg, taking: takesKeys ? keyTime : nil))
        case .measureLeg(let leg): feed(.legMeasured(leg, ["mos": .number(4.4)]))
        case .closeLeg(let leg):
            openLegs.removeAll { $0 == leg }
            mutedLegs.remove(leg)
        case .startRecording(let call, let id):
            recorded.append(call)
            replies[id] = .success(["result": true])
        case .stopRecording(let call, let id):
            recorded.removeAll { $0 == call }
            replies[id] = .success(["result": true])
        case .probe: probes += 1
        case .diagnostic(let diagnostic): diagnostics.append(diagnostic)
        }
    }

    private func connect(_ uri: String) {
        connects.append(uri)
        if unreachable.contains(uri) { return feed(.disconnected(reason: "unreachable", isAnswered: false)) }
        isConnected = acceptsConnections
        feed(acceptsConnections ? .connected(from: localAddress) : .disconnected(reason: "refused"))
    }

    private func offer(to leg: LegID) {
        guard offersMedia else { return }
        guard answersMedia else { return feed(.legRefused(leg, warning: Warning(code: 302, text: "no fingerprint"))) }
        if !openLegs.contains(leg) { openLegs.append(leg) }
        if !mutedLegs.contains(leg) { everUnmuted.insert(leg) }
        feed(.legAnswered(leg, sdp: "v=0 answer"))
    }
}

/// The platform's side.
extension Story {
    func notice(_ body: String) {
        lastRequest += 1
        atPlatform(
            platform.handle(
                .send(
                    RequestID(lastRequest), .message, target: seatURI,
                    headers: [.contentType: "application/pidf+xml"],
                    body: Array(("<?xml version=\"1.0\" encoding=\"utf-8\"?>" + body).utf8)), at: now.instant))
    }

    private var seatURI: URI { URI(user: "1006_00010078", host: "seat.invalid") }

    /// INVITEs the seat and, once it has answered, ties the leg to a call.
    @discardableResult
    func invite(for call: String, offer: String? = "v=0 offer") -> CallHandle {
        lastInvite += 1
        let leg = CallHandle.outgoing(lastInvite)
        let headers: Headers = offer == nil ? [:] : [.contentType: "application/sdp"]
        atPlatform(
            platform.handle(
                .invite(leg, target: seatURI, headers: headers, body: Array((offer ?? "").utf8)), at: now.instant))
        inCall(leg, .info, "<i n=\"\(call)\" s=\"*\"><u n=\"10010\" a=\"i\" l=\"m\"/></i>")
        return leg
    }

    func inCall(
        _ leg: CallHandle, _ method: Method, _ body: String?, type: String = "application/pidf+xml",
        package: String? = nil
    ) {
        lastRequest += 1
        var headers: Headers = body == nil ? [:] : [.contentType: type]
        headers["Info-Package"] = package
        atPlatform(
            platform.handle(
                .sendInCall(
                    leg, RequestID(lastRequest), method, headers: headers, body: Array((body ?? "").utf8)),
                at: now.instant))
    }

    func bye(_ leg: CallHandle) {
        atPlatform(platform.handle(.hangUp(leg), at: now.instant))
    }

    /// The platform knows nothing of the connections before.
    func replacePlatform() {
        platform = Self.makePlatform()
    }

    /// The connection is lost, for good unless the platform accepts new ones.
    func loseConnection(isAnswered: Bool = true) {
        isConnected = false
        replacePlatform()
        feed(.disconnected(reason: "reset", isAnswered: isAnswered))
    }

    private func atPlatform(_ outputs: [UserAgent.Output]) {
        for output in outputs { atPlatform(output) }
    }

    private func atPlatform(_ output: UserAgent.Output) {
        switch output {
        case .transmit(let message): if isConnected { feed(.received(message)) }
        case .request(let token, let request) where request.method == .register: register(token, request)
        case .request(let token, let request):
            bodies.append(request.text.replacing("<?xml version=\"1.0\" encoding=\"utf-8\"?>", with: ""))
            if let answersMessages { respond(token, answersMessages) }
        case .callRequest(_, let token, let request):
            infos.append(request)
            if let answersMessages { respond(token, answersMessages) }
        case .callUpdate(_, let token, let request):
            legOffers.append(request.sessionDescription)
            guard let status = answersOffers else { return }
            let isTaken = status == 200
            atPlatform(
                platform.handle(
                    .respond(
                        token, status: status, headers: isTaken ? [.contentType: "application/sdp"] : [:],
                        body: isTaken ? Array("v=0 moved".utf8) : []),
                    at: now.instant))
        case .callAnswered(let leg, let response): legAnswers[leg] = response
        case .callOffered(let leg, let token, let response):
            legAnswers[leg] = response
            let headers: Headers = [.contentType: "application/sdp"]
            guard let answersInAcknowledgement else { return }
            atPlatform(
                platform.handle(
                    answersInAcknowledgement
                        ? .respond(token, status: 200, headers: headers, body: Array("v=0 answer".utf8))
                        : .respond(token, status: 200), at: now.instant))
        case .response(_, let response): if response.cSeq.method != .message { answersInCall.append(response) }
        case .callEnded(let leg, let end):
            endedLegs.append(leg)
            if case .rejected(let response) = end { legAnswers[leg] = response }
        default: break
        }
    }

    private func register(_ token: RequestToken, _ request: Request) {
        let credentials = request.headers[.authorization].flatMap { try? DigestCredentials(parsing: $0) }
        let authorized =
            credentials?.verify(
                username: "1006_00010078", password: Redacted(password), method: .register) == true
        registrations.append((request.headers[.expires], authorized))
        if let refusesRegistration {
            return respond(token, refusesRegistration, retryAfter.map { [.retryAfter: $0] } ?? [:])
        }
        guard authorized else {
            let challenge = DigestChallenge(realm: "sip.example", nonce: "n\(registrations.count)")
            return respond(token, credentials == nil ? 401 : 403, [.wwwAuthenticate: challenge.description])
        }
        let contact = request.headers[.contact] ?? ""
        respond(token, 200, [.contact: contact + ";expires=\(request.headers[.expires] ?? "300")"])
    }

    private func respond(_ token: RequestToken, _ status: Int, _ headers: Headers = [:]) {
        atPlatform(platform.handle(.respond(token, status: status, headers: headers), at: now.instant))
    }
}

/// Time.
extension Story {
    /// Lets time pass, each deadline on the way met when it comes.
    func advance(by duration: Duration) {
        let end = now + duration
        while let due = earliest(seat.deadline, platform.deadline), due <= end.instant {
            now = now + max(due - now.instant, .zero)
            if let deadline = platform.deadline, deadline <= now.instant {
                atPlatform(platform.handle(.deadlineReached, at: now.instant))
            }
            if let deadline = seat.deadline, deadline <= now.instant { feed(.deadlineReached) }
        }
        now = end
    }

    func forgetBodies() { bodies = [] }

    /// The steps of the registration as text, with why it is not what it should be, taken off the list.
    func takeSteps() -> [String] {
        defer { steps = [] }
        return steps.map { step in
            let registrar = step["registrar"]
            let words = [
                step["registration"]?.string, registrar?["state"]?.string, registrar?["status"]?.lenientString,
                step["connection"]?["failure"]?.string.map { "(\($0))" },
            ]
            return words.compactMap(\.self).joined(separator: " ")
        }
    }

    func takeContents() -> [Event.Content] {
        defer { events = [] }
        return events
    }

    /// The events as text, `callEvent newPBXCall` for instance, taken off the list.
    func takeEvents() -> [String] {
        defer { events = [] }
        return events.map { [$0.name.rawValue, $0.type].compactMap { $0 }.joined(separator: " ") }
    }
}
