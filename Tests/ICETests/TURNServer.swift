import Crypto
import ICE
import Testing
import Wire

/// A client and a scripted server in virtual time; what the client transmits arrives at once.
struct TURNStory {
    static let relayed = endpoint("203.0.113.9#49152")
    static let mapped = endpoint("198.51.100.1#40000")
    static let peer = endpoint("192.0.2.2#6000")

    var now = Instant(nanoseconds: 0)
    var client: TURNClient
    /// Everything but transmissions, in order.
    private(set) var events: [TURNClient.Output] = []
    /// The requests the server has seen, its answers to be given.
    private(set) var requests: [STUNMessage] = []
    /// What came to the server and is no request.
    private(set) var sent: [[UInt8]] = []
    private(set) var delivered: [(bytes: [UInt8], peer: Endpoint)] = []
    var nonce = "one"

    init(account: TURNClient.Account? = .init(user: "user", password: Redacted("password")), isStream: Bool = false) {
        client = TURNClient(account: account, isStream: isStream, randomness: .seeded(1))
    }

    static let key = Digest.md5(Array("user:realm:password".utf8))

    mutating func handle(_ input: TURNClient.Input) {
        take(client.handle(input, at: now))
    }

    /// Lets time pass, deadline by deadline.
    mutating func run(for duration: Duration) {
        let end = now + duration
        while let deadline = client.deadline, deadline <= end {
            now = max(now, deadline)
            handle(.deadlineReached)
        }
        now = end
    }

    mutating func send(_ bytes: [UInt8], to peer: Endpoint = peer) {
        var frames: [[UInt8]] = []
        let outputs = client.send(bytes.span, to: peer, at: now) { frames.append([UInt8]($0)) }
        sent += frames
        take(outputs)
    }

    mutating func receive(_ bytes: [UInt8]) {
        var datagrams: [(bytes: [UInt8], peer: Endpoint)] = []
        let outputs = client.receive(bytes.span, at: now) { datagrams.append((bytes: [UInt8]($0), peer: $1)) }
        delivered += datagrams
        take(outputs)
    }

    /// The oldest request without an answer.
    mutating func takeRequest() throws -> STUNMessage {
        try #require(!requests.isEmpty)
        return requests.removeFirst()
    }

    mutating func succeed(_ request: STUNMessage, _ attributes: [STUNAttribute] = [], key: [UInt8]? = key) {
        let answer = STUNMessage(
            .success, method: request.method, transactionID: request.transactionID, attributes: attributes)
        receive(answer.encoded(key: key))
    }

    mutating func fail(_ request: STUNMessage, _ code: Int) {
        var attributes = [STUNAttribute.errorCode(code, reason: "")]
        if code == 401 || code == 438 { attributes += [.realm("realm"), .nonce(nonce)] }
        let answer = STUNMessage(
            .failure, method: request.method, transactionID: request.transactionID, attributes: attributes)
        receive(answer.encoded())
    }

    /// Answers requests as a server does that has no objection, but for the nonce.
    mutating func answerAll(lifetime: UInt32 = 600) {
        while !requests.isEmpty {
            let request = requests.removeFirst()
            guard request.attributes.contains(.nonce(nonce)) else {
                fail(request, request.integrity == nil ? 401 : 438)
                continue
            }
            switch request.method {
            case STUNMessage.allocate:
                succeed(
                    request,
                    [.xorRelayedAddress(Self.relayed), .xorMappedAddress(Self.mapped), .lifetime(seconds: lifetime)])
            case STUNMessage.refresh: succeed(request, [.lifetime(seconds: lifetime)])
            default: succeed(request)
            }
        }
    }

    mutating func allocate(lifetime: UInt32 = 600) {
        handle(.start)
        answerAll(lifetime: lifetime)
    }

    private mutating func take(_ outputs: [TURNClient.Output]) {
        for output in outputs {
            guard case .transmit(let bytes) = output else {
                events.append(output)
                continue
            }
            if let message = try? STUNMessage(parsing: bytes.span), message.kind == .request {
                requests.append(message)
            } else {
                sent.append(bytes)
            }
        }
    }
}
