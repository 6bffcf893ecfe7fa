import FoundationEssentials
import HTTPTypes
import SIP
import Simulator
import Wire

/// Seats and the platform on one virtual wire, in virtual time; audio is agreed on at once and in name only.
struct SimulatorStory {
    private(set) var platform: Platform
    private(set) var now = Instant(nanoseconds: 0)
    private var agents: [Platform.ConnectionID: UserAgent] = [:]
    /// What each seat was told by MESSAGE and INFO, declaration left out, and how its audio leg went.
    private(set) var told: [Platform.ConnectionID: [String]] = [:]
    /// What it was told of its group.
    private(set) var groupNotices: [Platform.ConnectionID: [String]] = [:]
    private(set) var registrations: [Platform.ConnectionID: Registration.State] = [:]
    /// What the platform did to media and connections.
    private(set) var done: [Platform.Output] = []
    /// Whether there is media to be had for a leg.
    var makesOffers = true
    private var lastRequest: UInt64 = 0

    init(_ change: (inout Platform.Configuration) -> Void = { _ in }) {
        var configuration = Platform.Configuration()
        change(&configuration)
        platform = Platform(configuration: configuration, randomness: .seeded(1))
    }

    /// A seat connects and registers.
    mutating func connect(
        _ seat: String, password: String? = nil, instanceID: String? = nil, expires: Duration = .seconds(60)
    ) -> Platform.ConnectionID {
        let id = Platform.ConnectionID(UInt64(agents.count + 1))
        let address = URI(user: seat + "_00010078", host: "platform.test")
        var contact = URI(user: address.user, host: "seat\(id.rawValue).invalid")
        contact.parameters["transport"] = "ws"
        var configuration = UserAgent.Configuration(
            addressOfRecord: NameAddress(address), contact: contact, viaHost: contact.host)
        configuration.credentials = UserAgent.Credentials(
            username: seat + "_00010078", password: Redacted(password ?? seat))
        configuration.instanceID = instanceID
        agents[id] = UserAgent(configuration: configuration, randomness: .seeded(id.rawValue))
        tellPlatform { $0.connectionOpened(id, at: $1) }
        drive(.transportConnected, id)
        drive(.register(expires: expires), id)
        return id
    }

    /// The three messages of platform protocol §2.
    mutating func logIn(_ seat: String) -> Platform.ConnectionID {
        let id = connect(seat)
        for body in [#"<cc a="1"/>"#, #"<cc a="52"/>"#, #"<cc a="53" g="2033_65656"/>"#] { send(body, id) }
        return id
    }

    mutating func send(_ body: String, _ id: Platform.ConnectionID) {
        lastRequest += 1
        drive(
            .send(
                RequestID(lastRequest), .message, target: URI(user: "PBX", host: "platform.test"),
                headers: [.contentType: "application/pidf+xml"], body: [UInt8](body.utf8)), id)
    }

    mutating func drive(_ input: UserAgent.Input, _ id: Platform.ConnectionID) {
        carryOut(agents[id]?.handle(input, at: now) ?? [], id)
    }

    mutating func tellPlatform(_ body: (inout Platform, Instant) throws -> [Platform.Output]) rethrows {
        carryOut(try body(&platform, now))
    }

    /// The digest of the password 1001.
    static let password = "b8c37e33defde51cf91e1e03e51657da"

    @discardableResult
    mutating func request(_ method: HTTPRequest.Method, _ path: String, _ body: String) -> (status: Int, body: JSON) {
        let answer = send(method, path, body)
        let json = (try? JSONDecoder().decode(JSON.self, from: Data(answer.body))) ?? .null
        return (answer.response.status.code, json)
    }

    mutating func download(_ path: String) -> [UInt8] { send(.get, path, "").body }

    private mutating func send(_ method: HTTPRequest.Method, _ path: String, _ body: String) -> Platform.Answer {
        let request = HTTPRequest(method: method, scheme: "https", authority: "127.0.0.1:1047", path: path)
        let answer = platform.handle(request, body: [UInt8](body.utf8), at: now)
        carryOut(answer.outputs)
        return answer
    }

    mutating func get(_ path: String) {
        request(.get, path, "")
    }

    /// A seat hangs up the call that began last.
    mutating func hangUp(_ id: Platform.ConnectionID) {
        let call = platform.state["calls"]?.array?.last?["ccNumber"]?.string ?? ""
        send("<cc a=\"106\" c=\"\(call)\"/>", id)
    }

    /// The seat does nothing any more, on a connection that stays.
    mutating func silence(_ id: Platform.ConnectionID) { agents[id] = nil }

    mutating func disconnect(_ id: Platform.ConnectionID) {
        agents[id] = nil
        tellPlatform { $0.connectionClosed(id, at: $1) }
    }

    /// Lets time pass, stopping at each deadline on the way.
    mutating func wait(_ duration: Duration) {
        let end = now + duration
        while let next = agents.values.reduce(platform.deadline, { earliest($0, $1.deadline) }), next <= end {
            now = max(now, next)
            for (id, agent) in agents where agent.deadline.map({ $0 <= now }) == true { drive(.deadlineReached, id) }
            if let deadline = platform.deadline, deadline <= now { tellPlatform { $0.deadlineReached(at: $1) } }
        }
        now = end
    }

    /// Who is in which room now.
    var rooms: [RoomID: [RoomMember]] {
        done.reduce(into: [:]) { rooms, output in
            if case .mix(let room, let members) = output { rooms[room] = members.isEmpty ? nil : members }
        }
    }

    /// What a seat was told since this was last asked.
    mutating func news(_ id: Platform.ConnectionID) -> [String] {
        defer { told[id] = [] }
        return told[id] ?? []
    }
}

extension SimulatorStory {
    private mutating func carryOut(_ outputs: [UserAgent.Output], _ id: Platform.ConnectionID) {
        for output in outputs {
            switch output {
            case .transmit(let message):
                carryOut(platform.receive(message.span, on: id, at: now))
            case .registration(let state):
                registrations[id] = state
            case .request(let token, let request), .callRequest(_, let token, let request):
                let text = request.text.replacing(#"<?xml version="1.0" encoding="utf-8"?>"#, with: "")
                if text.hasPrefix(#"<cc a="82""#) {
                    groupNotices[id, default: []].append(text)
                } else {
                    told[id, default: []].append(text)
                }
                drive(.respond(token, status: 200), id)
            case .incomingCall(let handle, let request):
                told[id, default: []].append("INVITE " + request.text)
                drive(
                    .answer(
                        handle, status: 200, headers: [.contentType: "application/sdp"], body: [UInt8]("answer".utf8)),
                    id)
            case .callEnded(_, .bye):
                told[id, default: []].append("BYE")
            default:
                break
            }
        }
    }

    private mutating func carryOut(_ outputs: [Platform.Output]) {
        for output in outputs {
            switch output {
            case .send(let message, let id):
                let happened = agents[id]?.receive(message.span, at: now) ?? []
                carryOut(happened, id)
            case .makeOffer(let leg):
                guard makesOffers else { continue }
                tellPlatform { $0.offerMade("offer", for: leg, at: $1) }
            case .acceptAnswer, .mix, .pressKey, .closeMedia, .close:
                done.append(output)
            case .diagnostic:
                break
            }
        }
    }
}
