import SIP
import Wire

/// An agent and the platform behind it in a story that goes right, for its messages and the states between them.
struct SIPStory {
    struct Stage: Sendable {
        var agent: UserAgent
        var now: Instant
    }

    static let told = SIPStory()
    static let platform = URI(user: "PBX", host: "example.com")
    static let sdp: Headers = [.contentType: "application/sdp"]
    static let carol: Headers = [.referTo: "<sip:carol@example.com>"]

    private(set) var stages: [Stage] = []
    /// What both sides sent.
    private(set) var messages: [[UInt8]] = []
    private(set) var seeds: [[UInt8]] = []

    private var agent: UserAgent
    private var far: UserAgent
    private var now = Instant(nanoseconds: 0)
    private var records: [[UInt8]] = []
    private var told: [UserAgent.Output] = []

    private init() {
        var randomness = Randomness.seeded(7)
        var configuration = UserAgent.Configuration(
            addressOfRecord: NameAddress(URI(user: "1006", host: "example.com"), displayName: "Agent"),
            randomness: &randomness)
        configuration.credentials = .init(username: "1006", password: Redacted("secret"))
        configuration.accepted.insert(.refer)
        configuration.supported.append("replaces")
        configuration.sessionInterval = 90
        configuration.infoPackages = ["dtmf"]
        var registrar = UserAgent.Configuration(
            addressOfRecord: NameAddress(Self.platform), randomness: &randomness)
        registrar.accepted = [.invite, .message, .refer, .register]
        agent = UserAgent(configuration: configuration, randomness: .seeded(1))
        far = UserAgent(configuration: registrar, randomness: .seeded(2))
        perform(far.handle(.transportConnected, at: now), byAgent: false)
        tell()
    }

    private mutating func tell() {
        stage { $0.give("up", .transportConnected) }
        stage { story in
            story.give("register 600", .register(expires: .seconds(600)))
            story.challenge()
            story.respond(200, headers: [.contact: "<\(story.agent.configuration.contact)>;expires=600"])
        }
        stage { story in
            story.far(.invite(.outgoing(1), target: story.agent.configuration.contact, body: []))
            story.give("answer 80", .answer(.incoming(1), status: 180))
        }
        stage { story in
            story.give("answer 100", .answer(.incoming(1), status: 200, body: [2]))
        }
        stage { story in
            story.far(.sendInCall(.outgoing(1), RequestID(1), .info, body: Array("<i n='1' s='*'/>".utf8)))
            story.give("respond 100", .respond(RequestToken(1), status: 200))
        }
        stage { story in
            story.far(.sendInCall(.outgoing(1), RequestID(2), .invite, body: []))
            story.give("respond 100", .respond(RequestToken(2), status: 200))
        }
        stage { $0.far(.hangUp(.outgoing(1))) }
        stage { story in
            story.give("invite 2", .invite(.outgoing(2), target: Self.platform, body: []))
            story.far(.answer(.incoming(1), status: 183))
            story.far(.answer(.incoming(1), status: 200))
        }
        stage { $0.give("hangup", .hangUp(.outgoing(2))) }
        tellOfOffers()
        tellOfTransfers()
    }

    private mutating func tellOfOffers() {
        stage { story in
            story.far(.invite(.outgoing(3), target: story.agent.configuration.contact, headers: Self.sdp, body: [1]))
            story.give("early", .answer(.incoming(2), status: 183, headers: Self.sdp, body: [3]))
            story.give("update", .sendInCall(.incoming(2), RequestID(3), .update, headers: Self.sdp, body: [5]))
            story.give("answer 100", .answer(.incoming(2), status: 200))
        }
        stage { story in
            story.far(.sendInCall(.outgoing(3), RequestID(5), .invite, headers: Self.sdp, body: [6]))
            story.give("accept", .respond(RequestToken(3), status: 200, headers: Self.sdp, body: [4]))
        }
    }

    private mutating func tellOfTransfers() {
        stage { story in
            story.give("refer", .sendInCall(.incoming(2), RequestID(4), .refer, headers: Self.carol))
            story.respondInCall(202)
        }
        stage { story in
            story.far(.sendInCall(.outgoing(3), RequestID(6), .refer, headers: Self.carol))
            story.give("respond 102", .respond(RequestToken(4), status: 202))
            story.give("news 100", .notifyReferral(RequestToken(4), status: 200))
        }
        stage { story in
            let replaced = story.far.replaces(.outgoing(3)).map { $0.description } ?? ""
            story.far(
                .invite(
                    .outgoing(4), target: story.agent.configuration.contact, headers: [.replaces: replaced], body: []))
            story.give("answer 100", .answer(.incoming(3), status: 200, headers: Self.sdp, body: [3]))
        }
    }

    /// Keeps the state before a part of the story, and the part itself as a seed.
    private mutating func stage(_ part: (inout SIPStory) -> Void) {
        stages.append(Stage(agent: agent, now: now))
        records = []
        part(&self)
        seeds.append([UInt8(stages.count - 1)] + Fodder.joined(records))
    }

    /// What the agent's owner does, and the words for it in a record.
    private mutating func give(_ words: String, _ input: UserAgent.Input) {
        records.append(Array("@\(words)".utf8))
        perform(agent.handle(input, at: now), byAgent: true)
    }

    private mutating func far(_ input: UserAgent.Input) {
        perform(far.handle(input, at: now), byAgent: false)
    }

    private mutating func challenge() {
        let challenge = DigestChallenge(realm: "example.com", nonce: "n", algorithm: .sha256)
        respond(401, headers: [.wwwAuthenticate: challenge.description])
    }

    /// The platform's response to the last request it was told of.
    private mutating func respond(_ status: Int, headers: Headers) {
        for output in told.reversed() {
            if case .request(let token, _) = output {
                return far(.respond(token, status: status, headers: headers))
            }
        }
    }

    /// The platform's response to the last request in a call that it was told of.
    private mutating func respondInCall(_ status: Int) {
        for output in told.reversed() {
            if case .callRequest(_, let token, _) = output { return far(.respond(token, status: status)) }
        }
    }

    private mutating func perform(_ outputs: [UserAgent.Output], byAgent: Bool) {
        for case .transmit(let bytes) in outputs {
            messages.append(bytes)
            if !byAgent { records.append(bytes) }
            let answers = byAgent ? far.receive(bytes.span, at: now) : agent.receive(bytes.span, at: now)
            if byAgent { told += answers }
            perform(answers, byAgent: !byAgent)
        }
    }
}
