import Testing
import Wire

@testable import SIP

/// Two user agents wired together in virtual time: an agent's, and the platform's behind it.
final class VirtualLink {
    enum Side: Sendable { case agent, platform }

    private(set) var agents: [Side: UserAgent]
    private(set) var now = Instant.at(0)
    /// Every message as it was sent: an arrow and its first line's essence.
    private(set) var trace: [String] = []
    /// Whether messages stay on the wire until they are let through.
    var isHeld = false

    private var wire: [(to: Side, bytes: [UInt8])] = []
    private var events: [Side: [UserAgent.Output]] = [:]
    private(set) var diagnostics: [UserAgent.Diagnostic] = []

    static let domain = "example.com"
    static let user = "1006_00010078"
    static let password = Redacted("secret")

    init(
        _ change: (inout UserAgent.Configuration) -> Void = { _ in },
        platform changePlatform: (inout UserAgent.Configuration) -> Void = { _ in }
    ) {
        var randomness = Randomness.seeded(7)
        let address = NameAddress(URI(user: Self.user, host: Self.domain), displayName: "Agent")
        var agent = UserAgent.Configuration(addressOfRecord: address, randomness: &randomness)
        agent.credentials = .init(username: Self.user, password: Self.password)
        change(&agent)
        var platform = UserAgent.Configuration(
            addressOfRecord: NameAddress(URI(user: "PBX", host: Self.domain)), randomness: &randomness)
        platform.accepted = [.invite, .message, .register]
        changePlatform(&platform)
        agents = [
            .agent: UserAgent(configuration: agent, randomness: .seeded(1)),
            .platform: UserAgent(configuration: platform, randomness: .seeded(2)),
        ]
        connect()
    }

    var contact: URI { agents[.agent]?.configuration.contact ?? URI(host: "") }
    static let platformURI = URI(user: "PBX", host: domain)

    func connect() {
        give(.transportConnected, to: .platform)
        give(.transportConnected, to: .agent)
    }

    func disconnect() {
        wire = []
        give(.transportFailed, to: .platform)
        give(.transportFailed, to: .agent)
    }

    /// Hands an input to one side and carries messages until the wire is empty.
    func give(_ input: UserAgent.Input, to side: Side) {
        perform(agents[side]?.handle(input, at: now) ?? [], of: side)
        if !isHeld { release() }
    }

    func release() {
        isHeld = false
        while !wire.isEmpty {
            let message = wire.removeFirst()
            deliver(message.bytes, to: message.to)
        }
    }

    /// Throws away what is on the wire.
    func lose() { wire = [] }

    /// The requests and responses of ours that were held or lost, and are now taken off the wire.
    func takeWire() -> [Message] {
        defer { wire = [] }
        return wire.compactMap { try? read($0.bytes) }
    }

    func deliver(_ bytes: [UInt8], to side: Side) {
        perform(agents[side]?.receive(bytes.span, at: now) ?? [], of: side)
    }

    /// Lets time pass, every deadline in its order.
    func pass(_ duration: Duration) {
        let end = now + duration
        while let next = earliest(agents[.agent]?.deadline, agents[.platform]?.deadline), next <= end {
            now = max(next, now)
            for side in [Side.agent, .platform] where agents[side]?.deadline.map({ $0 <= now }) == true {
                give(.deadlineReached, to: side)
            }
        }
        now = end
    }

    /// What a side was told since the last time.
    func take(_ side: Side) -> [UserAgent.Output] {
        defer { events[side] = [] }
        return events[side] ?? []
    }

    func takeTrace() -> [String] {
        defer { trace = [] }
        return trace
    }

    private func perform(_ outputs: [UserAgent.Output], of side: Side) {
        for output in outputs {
            switch output {
            case .transmit(let bytes):
                trace.append((side == .agent ? "→ " : "← ") + Self.essence(bytes))
                wire.append((side == .agent ? .platform : .agent, bytes))
            case .diagnostic(let diagnostic): diagnostics.append(diagnostic)
            default: events[side, default: []].append(output)
            }
        }
    }

    private static func essence(_ bytes: [UInt8]) -> String {
        switch try? read(bytes) {
        case .request(let request): "\(request.method)"
        case .response(let response): "\(response.status) \(response.cSeq.method)"
        case nil: "?"
        }
    }
}

extension VirtualLink {
    /// The first request that waits for the owner's response; what else a side was told stays.
    func takeRequest(_ side: Side) throws -> (token: RequestToken, request: Request) {
        let told = events[side] ?? []
        let index = try #require(told.firstIndex { $0.pending != nil })
        events[side]?.remove(at: index)
        return try #require(told[index].pending)
    }

    /// Brings a confirmed call about, the platform calling.
    func call(_ number: UInt64 = 1) throws -> (agent: CallHandle, platform: CallHandle) {
        let outgoing = CallHandle.outgoing(number)
        give(.invite(outgoing, target: contact, headers: [.contentType: "application/sdp"], body: [1]), to: .platform)
        guard case .incomingCall(let incoming, _)? = take(.agent).first else { throw Malformed.startLine }
        give(.answer(incoming, status: 200, headers: [.contentType: "application/sdp"], body: [2]), to: .agent)
        _ = (take(.agent), take(.platform), takeTrace())
        return (incoming, outgoing)
    }
}

extension UserAgent.Output {
    /// The request in it that the owner must respond to.
    fileprivate var pending: (token: RequestToken, request: Request)? {
        switch self {
        case .request(let token, let request), .callRequest(_, let token, let request),
            .callUpdate(_, let token, let request):
            (token, request)
        default: nil
        }
    }
}

extension [UserAgent.Output] {
    /// The outputs without what only a message's bytes would show.
    var names: [String] {
        map { output in
            switch output {
            case .transmit: "transmit"
            case .registration(let state): "registration \(state)"
            case .response(let id, let response): "response \(id.rawValue) \(response.status)"
            case .requestFailed(let id, let failure): "failed \(id.rawValue) \(failure)"
            case .request(_, let request): "request \(request.method)"
            case .incomingCall: "incoming"
            case .incomingReplacement: "incomingReplacement"
            case .referralProgress(let id, let news): "referral \(id.rawValue) \(news.status)"
            case .referralEnded(let id): "referralEnded \(id.rawValue)"
            case .callProgress(_, let response): "progress \(response.status)"
            case .callOffered(_, _, let response): "offered \(response.status)"
            case .callProgressConfirmed: "progressConfirmed"
            case .callAnswered(_, let response): "answered \(response.status)"
            case .callConfirmed: "confirmed"
            case .callRequest(_, _, let request): "callRequest \(request.method)"
            case .callUpdate(_, _, let request): "callUpdate \(request.method)"
            case .callEnded(_, .bye): "ended bye"
            case .callEnded(_, .cancelled): "ended cancelled"
            case .callEnded(_, .rejected(let response)): "ended \(response.status)"
            case .callEnded(_, let end): "ended \(end)"
            case .diagnostic: "diagnostic"
            }
        }
    }
}
