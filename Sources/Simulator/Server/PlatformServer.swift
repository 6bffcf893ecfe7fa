import Audio
import Crypto
import Dispatch
import Engine
import FoundationEssentials
import HTTP
import HTTPTypes
import Logging
import Network
import SIP
import Wire

/// A ``Platform`` with sockets, sound and a clock: HTTPS and SIP over secure WebSocket on two ports, both serving both.
package actor PlatformServer {
    package struct Configuration: Sendable {
        package var platform = Platform.Configuration()
        /// Where the certificate of the authority made at the start goes, for clients to trust.
        package var stateDirectory: String
        package var address = IPAddress.loopback4
        package var port: UInt16 = 0
        package var sipPort: UInt16 = 0
        /// What a customer says, nil for a melody.
        package var greeting: AudioDevice?
        package var greetingTime = Duration.milliseconds(2800)

        package init(stateDirectory: String) {
            self.stateDirectory = stateDirectory
        }
    }

    /// Where it is to be reached.
    package struct Addresses: Sendable, Hashable {
        package var http: Endpoint
        package var sip: Endpoint
        /// A PEM file.
        package var authorityFile: String
    }

    private struct Leg {
        let path: MediaPath
        let sound: LegSound
    }

    private let configuration: Configuration
    private let logger: Logger
    private let executor = QueueExecutor(label: "platform")
    private let certificate = Certificate.selfSigned()
    private var platform: Platform
    private var server: HTTPServer?
    private var timer: DeadlineTimer?
    private var sockets: [Platform.ConnectionID: WebSocketConnection] = [:]
    private var legs: [Platform.LegID: Leg] = [:]
    private let mixer = Mixer()
    private var customers: [RoomID: CustomerSound] = [:]
    private var music: [RoomID: HoldMusic] = [:]
    /// Requests that get no answer as long as the platform is silent.
    private var unanswered: [Responder] = []

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package init(configuration: Configuration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        platform = Platform(configuration: configuration.platform, randomness: .system)
    }

    package func start() throws -> Addresses {
        let identity = try ServerIdentity(stateDirectory: configuration.stateDirectory, address: configuration.address)
        let server = HTTPServer(
            configuration: HTTPServer.Configuration(
                endpoints: [configuration.port, configuration.sipPort].map {
                    Endpoint(configuration.address, port: $0)
                },
                tls: identity.context),
            logger: logger
        ) { [weak self] request, responder in
            self?.enter { $0.take(request, responder) }
        }
        let endpoints = try server.start()
        self.server = server
        timer = DeadlineTimer(on: executor) { [weak self] in
            self?.assumeIsolated { $0.deadlineReached() }
        }
        platform.configuration.sipPort = endpoints[1].port
        platform.configuration.unixTimeAtZero =
            Int64(Date().timeIntervalSince1970 * 1000) - MonotonicClock.now.nanoseconds / 1_000_000
        return Addresses(http: endpoints[0], sip: endpoints[1], authorityFile: identity.authorityFile)
    }

    /// Runs on the actor's queue, after what came from the same queue before.
    private nonisolated func enter(_ body: @escaping @Sendable (isolated PlatformServer) -> Void) {
        executor.queue.async { self.assumeIsolated(body) }
    }

    package func stop() async {
        timer = nil
        await server?.stop()
        for leg in legs.values { await leg.path.close() }
        legs = [:]
    }
}

/// HTTP and WebSocket in.
extension PlatformServer {
    private func take(_ request: IncomingRequest, _ responder: Responder) {
        if let subprotocols = request.offeredSubprotocols { return open(subprotocols, responder) }
        guard !platform.isSilenced(request.head) else { return unanswered.append(responder) }
        guard request.head.path == "/sim/state" else { return answer(request, responder) }
        Task {
            _ = await state()
            answer(request, responder)
        }
    }

    /// What is to be seen of the platform, with the sound as it is now.
    package func state() async -> JSON {
        for (id, leg) in legs { await measure(leg, id) }
        return platform.state
    }

    private func answer(_ request: IncomingRequest, _ responder: Responder) {
        let (response, body, outputs) = platform.handle(request.head, body: request.body, at: MonotonicClock.now)
        responder.respond(response, body: body)
        carryOut(outputs)
        if !platform.isSilent { unanswered = [] }
    }

    private func open(_ subprotocols: [String], _ responder: Responder) {
        guard platform.acceptsConnections else { return responder.respond(HTTPResponse(status: .serviceUnavailable)) }
        guard subprotocols.contains("sip") else { return responder.respond(HTTPResponse(status: .badRequest)) }
        let id = Platform.ConnectionID(platform.nextSerial())
        responder.acceptWebSocket(subprotocol: "sip") { [weak self] socket in
            self?.enter { $0.opened(id, socket) }
            return WebSocketCallbacks(
                onMessage: { [weak self] message in self?.enter { $0.received(message, on: id) } },
                onClose: { [weak self] _ in self?.enter { $0.closed(id) } })
        }
    }

    private func opened(_ id: Platform.ConnectionID, _ socket: WebSocketConnection) {
        sockets[id] = socket
        carryOut(platform.connectionOpened(id, at: MonotonicClock.now))
    }

    private func received(_ message: WebSocket.Message, on id: Platform.ConnectionID) {
        carryOut(platform.receive(message.bytes.span, on: id, at: MonotonicClock.now))
    }

    private func closed(_ id: Platform.ConnectionID) {
        sockets[id] = nil
        carryOut(platform.connectionClosed(id, at: MonotonicClock.now))
    }

    private func deadlineReached() {
        carryOut(platform.deadlineReached(at: MonotonicClock.now))
    }
}

/// What the platform wants done.
extension PlatformServer {
    private func carryOut(_ outputs: [Platform.Output]) {
        for output in outputs { carryOut(output) }
        timer?.deadline = platform.deadline
    }

    private func carryOut(_ output: Platform.Output) {
        switch output {
        case .send(let message, let id): sockets[id]?.send(WebSocket.Message(textOrBinary: message))
        case .close(let id): sockets[id]?.close(.goingAway)
        case .makeOffer(let id): makeOffer(id)
        case .acceptAnswer(let answer, let id): accept(answer, id)
        case .mix(let room, let members): mix(room, members)
        case .pressKey(let key, let id): press(key, id)
        case .closeMedia(let id): close(id)
        case .diagnostic(let diagnostic): logger.debug("\(diagnostic)")
        }
    }

    private func mix(_ room: RoomID, _ members: [RoomMember]) {
        if !members.contains(where: { if case .customer = $0.who { true } else { false } }) { customers[room] = nil }
        if !members.contains(where: { $0.who == .music }) { music[room] = nil }
        mixer.arrange(
            room,
            members.compactMap { member in
                participant(member.who, in: room).map {
                    Mix.Member(participant: $0, hears: member.hears, isHeard: member.isHeard)
                }
            })
    }

    /// A customer who is there already goes on with what he was saying, and so does the music.
    private func participant(_ who: RoomMember.Who, in room: RoomID) -> (any Participant)? {
        switch who {
        case .leg(let id): return legs[id]?.sound
        case .customer(let voice):
            let customer = customers[room] ?? makeCustomer(voice)
            customers[room] = customer
            return customer
        case .music:
            let playing = music[room] ?? HoldMusic()
            music[room] = playing
            return playing
        }
    }

    private func makeCustomer(_ voice: Voice) -> CustomerSound {
        let prompt: any AudioSource
        switch voice.prompt {
        case .greeting:
            do {
                prompt = try configuration.greeting?.makeSource() ?? Melody()
            } catch {
                logger.error("the greeting cannot be played", metadata: ["error": "\(error)"])
                prompt = NullDevice()
            }
        case .speech: prompt = Speech()
        case .tone(let frequency): prompt = ToneSource(frequency: frequency, level: -20)
        case .silence: prompt = NullDevice()
        }
        prompt.start()
        return CustomerSound(prompt: prompt, lasting: voice.echoes ? configuration.greetingTime : nil)
    }

    private func makeOffer(_ id: Platform.LegID) {
        let sound = LegSound()
        let path = MediaPath(
            configuration: MediaPath.Configuration(
                addresses: [configuration.address], certificate: certificate, cname: "platform-sim"),
            source: sound, sink: sound, logger: logger
        ) { [weak self] event in
            switch event {
            case .failed: self?.enter { $0.mediaFailed(id) }
            case .keyPressed(let key): self?.enter { $0.platform.keyPressed(key, on: id) }
            case .connected, .heard, .endedByPeer, .restarts, .closed: break
            }
        }
        legs[id] = Leg(path: path, sound: sound)
        Task {
            do throws(MediaFailure) {
                let offer = try await path.offer()
                carryOut(platform.offerMade(offer, for: id, at: MonotonicClock.now))
            } catch {
                mediaFailed(id)
            }
        }
    }

    private func accept(_ answer: String, _ id: Platform.LegID) {
        guard let path = legs[id]?.path else { return }
        Task {
            do throws(MediaFailure) {
                try await path.accept(answer: answer)
            } catch {
                mediaFailed(id)
            }
        }
    }

    private func press(_ key: Character, _ id: Platform.LegID) {
        guard let path = legs[id]?.path else { return }
        Task {
            if await path.pressKey(key, for: .milliseconds(100)) == nil { logger.warning("the seat takes no keys") }
        }
    }

    private func mediaFailed(_ id: Platform.LegID) {
        carryOut(platform.mediaFailed(id, at: MonotonicClock.now))
    }

    private func close(_ id: Platform.LegID) {
        guard let leg = legs.removeValue(forKey: id) else { return }
        Task {
            await measure(leg, id)
            await leg.path.close()
        }
    }

    private func measure(_ leg: Leg, _ id: Platform.LegID) async {
        let statistics = await leg.path.statistics()
        var measurement = Platform.Measurement()
        measurement.level = statistics.received.level
        measurement.frequency = statistics.received.frequency
        measurement.packetsReceived = statistics.packetsReceived
        measurement.packetsSent = statistics.packetsSent
        measurement.codec = statistics.codec?.rawValue
        if let customer = platform.room(of: id).flatMap({ customers[$0] }) {
            let heard = await mixer.reading(of: customer)
            (measurement.customerLevel, measurement.customerFrequency) = (heard.level, heard.frequency)
        }
        platform.measured(measurement, on: id)
    }
}
