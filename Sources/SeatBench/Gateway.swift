import Audio
import ControlAPI
import Crypto
import Dispatch
import Engine
import HTTP
import HTTPTypes
import Logging
import Network
import SIP
import Simulator
import Wire

/// The platform of ``Simulator`` with the bench's own clock at its sockets: when a message came in, and when one went out.
///
/// The user API is on HTTPS, SIP on a WebSocket without TLS, and the sound, which goes both ways over ICE and DTLS-SRTP, is A-law,
/// so that what is measured is the daemon and not its codec.
actor Gateway {
    private let executor = QueueExecutor(label: "gateway")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private let certificate = Certificate.selfSigned()
    private let logger = Logger(label: "gateway", level: .critical)
    private var platform: Platform
    private var server: HTTPServer?
    private var timer: DeadlineTimer?
    private var sockets: [Platform.ConnectionID: WebSocketConnection] = [:]
    private var lastSocket: UInt64 = 0
    private var paths: [Platform.LegID: MediaPath] = [:]
    /// Waits for the next message with this text in it.
    private var awaited: (text: [UInt8], came: CheckedContinuation<Instant, Never>)?
    /// When the first notice of each incoming call went out, by ccNumber.
    private(set) var offered: [String: Instant] = [:]
    private(set) var mediaFailures = 0
    private(set) var mediaConnections = 0

    init(seats: Int) {
        var configuration = Platform.Configuration()
        configuration.world.extensions = 2001...9999
        configuration.world.members = (2001..<2001 + seats).flatMap { number in
            World.demonstration.members.prefix(1).map { member in
                var member = member
                (member.extension, member.password) = (String(number), String(number))
                return member
            }
        }
        configuration.registrationTime = .seconds(3600)
        platform = Platform(configuration: configuration, randomness: .system)
    }

    struct Addresses: Sendable {
        let user: Endpoint
        let sip: Endpoint
        let authorityFile: String
    }

    func start(in folder: String) throws -> Addresses {
        let authority = CertificateAuthority(name: "bench")
        let authorityFile = folder + "/ca.pem"
        try authority.write(to: authorityFile)
        let (chain, key) = (folder + "/server.pem", folder + "/server.key")
        try authority.issue(for: ["127.0.0.1", "localhost"]).write(to: chain, keyTo: key)
        let any = Endpoint(.loopback4, port: 0)
        var limits = HTTPServer.Limits()
        limits.connections = 4096
        limits.connectionsPerPeer = 4096
        let server = HTTPServer(
            configuration: HTTPServer.Configuration(
                listeners: [.tcp(any, tls: try TLSContext(server: chain, keyFile: key)), .tcp(any)], limits: limits),
            logger: logger
        ) { [weak self] request, responder in
            self?.enter { $0.take(request, responder) }
        }
        let endpoints = try server.start()
        self.server = server
        timer = DeadlineTimer(on: executor) { [weak self] in
            self?.assumeIsolated { $0.carryOut($0.platform.deadlineReached(at: MonotonicClock.now)) }
        }
        platform.configuration.sipPort = endpoints[1].port
        return Addresses(user: endpoints[0], sip: endpoints[1], authorityFile: authorityFile)
    }

    private nonisolated func enter(_ body: @escaping @Sendable (isolated Gateway) -> Void) {
        executor.queue.async { self.assumeIsolated(body) }
    }
}

/// What the bench does on the platform's side.
extension Gateway {
    /// When the next message with `text` in it came in, after `action` was done.
    func next(containing text: String, after action: @escaping @Sendable () -> Void) async -> Instant {
        await withCheckedContinuation { continuation in
            awaited = (Array(text.utf8), continuation)
            DispatchQueue.global().async(execute: action)
        }
    }

    /// Has a customer do something; true when the platform says that he did.
    func customer(_ number: String, _ path: String, _ body: JSON = [:]) -> Bool {
        let request = HTTPRequest(
            method: .post, scheme: "https", authority: "localhost", path: "/sim/customers/\(number)/\(path)")
        let (response, _, outputs) = platform.handle(request, body: encodedJSON(body), at: MonotonicClock.now)
        carryOut(outputs)
        return response.status.kind == .successful
    }

    func forgetOffers() { offered = [:] }
}

extension Gateway {
    private func take(_ request: IncomingRequest, _ responder: Responder) {
        if request.offeredSubprotocols != nil { return open(responder) }
        let (response, body, outputs) = platform.handle(request.head, body: request.body, at: MonotonicClock.now)
        responder.respond(response, body: body)
        carryOut(outputs)
    }

    private func open(_ responder: Responder) {
        lastSocket += 1
        let id = Platform.ConnectionID(1 << 32 + lastSocket)
        responder.acceptWebSocket(subprotocol: "sip") { [weak self] socket in
            self?.enter { gateway in
                gateway.sockets[id] = socket
                gateway.carryOut(gateway.platform.connectionOpened(id, at: MonotonicClock.now))
            }
            return WebSocketCallbacks(
                onMessage: { [weak self] message in
                    let came = MonotonicClock.now
                    self?.enter { $0.received(message.bytes, at: came, on: id) }
                },
                onClose: { [weak self] _ in
                    self?.enter { gateway in
                        gateway.sockets[id] = nil
                        gateway.carryOut(gateway.platform.connectionClosed(id, at: MonotonicClock.now))
                    }
                })
        }
    }

    private func received(_ message: [UInt8], at came: Instant, on id: Platform.ConnectionID) {
        if let awaited, message.firstRange(of: awaited.text) != nil {
            self.awaited = nil
            awaited.came.resume(returning: came)
        }
        carryOut(platform.receive(message.span, on: id, at: MonotonicClock.now))
    }

    private func carryOut(_ outputs: [Platform.Output]) {
        for output in outputs { carryOut(output) }
        timer?.deadline = platform.deadline
    }

    private func carryOut(_ output: Platform.Output) {
        switch output {
        case .send(let message, let id):
            note(message)
            sockets[id]?.send(WebSocket.Message(.text, message))
        case .close(let id): sockets[id]?.close(.goingAway)
        case .makeOffer(let leg): makeOffer(leg)
        case .acceptAnswer(let answer, let leg): accept(answer, leg)
        case .closeMedia(let leg):
            guard let path = paths.removeValue(forKey: leg) else { return }
            Task { await path.close() }
        default: break
        }
    }

    private static let offer = Array(#"a="100""#.utf8)

    private func note(_ message: [UInt8]) {
        guard message.firstRange(of: Self.offer) != nil,
            let call = String(decoding: message, as: UTF8.self).firstMatch(of: #/ c="([^"]+)"/#)
        else { return }
        let ccNumber = String(call.1)
        if offered[ccNumber] == nil { offered[ccNumber] = MonotonicClock.now }
    }

    private func makeOffer(_ leg: Platform.LegID) {
        let path = MediaPath(
            configuration: MediaPath.Configuration(
                addresses: [.loopback4], certificate: certificate, codecs: [.pcma], cname: "bench"),
            source: NullDevice(), sink: NullDevice(), logger: logger
        ) { [weak self] event in
            switch event {
            case .connected: self?.enter { $0.mediaConnections += 1 }
            case .failed: self?.enter { $0.mediaFailed(leg) }
            case .heard, .keyPressed, .restarts, .endedByPeer, .closed: break
            }
        }
        paths[leg] = path
        Task {
            do throws(MediaFailure) {
                carryOut(platform.offerMade(try await path.offer(), for: leg, at: MonotonicClock.now))
            } catch {
                mediaFailed(leg)
            }
        }
    }

    private func accept(_ answer: String, _ leg: Platform.LegID) {
        guard let path = paths[leg] else { return }
        Task {
            do throws(MediaFailure) { try await path.accept(answer: answer) } catch { mediaFailed(leg) }
        }
    }

    private func mediaFailed(_ leg: Platform.LegID) {
        mediaFailures += 1
        carryOut(platform.mediaFailed(leg, at: MonotonicClock.now))
    }
}

extension Logger {
    init(label: String, level: Level) {
        self.init(label: label)
        logLevel = level
    }
}
