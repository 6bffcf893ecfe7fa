import Audio
import ControlAPI
import Crypto
import Dialect
import Dispatch
import Engine
import HTTP
import HTTPTypes
import Logging
import Network
import SDP
import SIP
import Seat
import Wire

/// One seat and everything it has opened; carries out what its core wants.
///
/// All of them are on the executor of ``Seats``.
actor Desk {
    let name: SeatName
    let premises: Premises
    nonisolated var unownedExecutor: UnownedSerialExecutor { premises.executor.asUnownedSerialExecutor() }

    private(set) var seat: Seat
    /// What the status line was told.
    private var standing: Seat.Standing
    private var timer: DeadlineTimer?
    private var replies: [CommandID: @Sendable (Result<JSON, Problem>) -> Void] = [:]
    private var lastCommand: UInt64 = 0
    private var connection: Connection?
    private var connections = 0
    /// The ends of the connection that is open, or was the last to be.
    private var path: Trace.Path?
    private var openLegs: Set<LegID> = []
    private(set) var paths: [LegID: MediaPath] = [:]
    /// Those on which the other side was heard.
    private(set) var heardLegs: Set<LegID> = []
    var tones = CallTones()
    let player = TonePlayer()
    var recordings: [CallID: CallRecording] = [:]
    /// Those that are being completed.
    var endings: [ObjectIdentifier: Task<Void, Never>] = [:]
    /// The calls whose recording was begun, so that none begins again by itself.
    var recorded: Set<CallID> = []
    private var mutedLegs: Set<LegID> = []

    /// The WebSocket to the platform; the number tells the callbacks of a replaced one apart.
    private struct Connection {
        let number: Int
        let client: WebSocketClient
        let url: WebSocketURL
    }

    init(_ name: SeatName, on premises: Premises) {
        self.name = name
        self.premises = premises
        var configuration = premises.configuration.seat
        configuration.instanceID = premises.instanceID
        seat = Seat(
            configuration: configuration, dialect: Platform(configuration: premises.configuration.platform),
            randomness: .system)
        standing = seat.standing
    }

    var configuration: Configuration { premises.configuration }
    private var executor: QueueExecutor { premises.executor }
    var logger: Logger { premises.logger }

    /// Runs `body` on the actor, in the order of the calls.
    nonisolated func enter(_ body: @escaping @Sendable (isolated Desk) -> Void) {
        premises.executor.queue.async { self.assumeIsolated(body) }
    }
}

/// What ``Seats`` asks for.
extension Desk {
    func carryOut(_ command: Command, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void) {
        if case .terminate(let ccNumber) = command { tones.hangUp(ccNumber) }
        lastCommand += 1
        let id = CommandID(lastCommand)
        replies[id] = { [devices = premises.devices] result in
            if case (.initialize(let login), .success) = (command, result) {
                login.remoteAudio.map { devices.prefer(speaker: $0) }
            }
            completion(result)
        }
        handle(.command(id, command))
    }

    /// Logs the seat in, sooner or later.
    func start(_ login: AutomaticLogin.Parameters) {
        handle(.loginConfigured(login))
    }

    /// Logs the seat out and waits until the platform has heard it and what was recorded is in its files.
    func logOut() async {
        await withCheckedContinuation { continuation in
            carryOut(.logout) { _ in continuation.resume() }
        }
        await endRecordings()
    }

    func networkChanged(to addresses: [IPAddress]) {
        handle(.networkChanged(addresses: addresses))
        guard let own = try? configuration.addresses(forGateway: connection?.url.host) else { return }
        for path in paths.values { Task { await path.networkChanged(to: own) } }
    }

    /// What the audio of each call measures now.
    func measurements() async -> [LegID: JSON] {
        var media: [LegID: JSON] = [:]
        for (leg, path) in paths { media[leg] = await path.statistics().json }
        return media
    }

    func statistics() async -> [MediaPath.Statistics] {
        var all: [MediaPath.Statistics] = []
        for path in paths.values { all.append(await path.statistics()) }
        return all
    }

    func snapshot(_ media: [LegID: JSON]) -> JSON {
        seat.snapshot(at: .now, media: { media[$0] }, recording: { recordings[$0]?.recording?.json })
    }

    /// Whether nobody would notice if it were made anew.
    var isUntouched: Bool { seat.isUntouched }
}

extension Desk {
    private func handle(_ input: Seat.Input) {
        let now = Moment.now
        for output in seat.handle(input, at: now) { carryOut(output, at: now) }
        if timer == nil {
            timer = DeadlineTimer(on: executor) { [weak self] in self?.assumeIsolated { $0.handle(.deadlineReached) } }
        }
        timer?.deadline = seat.deadline
        follow()
        let standing = seat.standing
        guard standing != self.standing else { return }
        self.standing = standing
        premises.status.changed(name, to: standing)
    }

    private func carryOut(_ output: Seat.Output, at now: Moment) {
        switch output {
        case .reply(let id, let result): reply(id, result)
        case .event(let content):
            for tone in tones.note(content) { carryOut(tone) }
            premises.events.publish(content, seat: name.text, at: now)
        case .fetch(let id, let url): fetch(id, url)
        case .connect(let uri): connect(uri)
        case .disconnect: disconnect()
        case .probe(let limit): connection?.client.probe(within: limit)
        case .transmit(let message): transmit(message, at: now)
        case .offerToLeg(let leg, let sdp): answer(leg, offer: sdp)
        case .candidatesForLeg(let leg, let fragment): add(fragment, to: leg)
        case .answerToLeg(let leg, let sdp): accept(sdp, for: leg)
        case .muteLeg(let leg, let isMuted): mute(leg, isMuted)
        case .offerFromLeg(let leg): offer(leg)
        case .pressKey(let leg, let key, let duration, let end): press(leg, key, for: duration, until: end)
        case .measureLeg(let leg): measure(leg)
        case .closeLeg(let leg): close(leg)
        case .startRecording(let call, let id):
            startRecording(call) { [weak self] result in self?.enter { $0.reply(id, result) } }
        case .stopRecording(let call, let id):
            stopRecording(call) { [weak self] result in self?.enter { $0.reply(id, result) } }
        case .diagnostic(let diagnostic): logger.log(diagnostic)
        }
    }

    private func reply(_ id: CommandID, _ result: Result<JSON, Problem>) {
        replies.removeValue(forKey: id)?(result)
    }

    private func fetch(_ id: FetchID, _ url: Redacted<String>) {
        premises.web.send(.get, url) { [weak self, logger] result in
            var body: [UInt8]?
            switch result {
            case .success(let response) where response.status == 200: body = response.body
            case .success(let response):
                logger.warning("platform user API", metadata: ["status": "\(response.status)"])
            case .failure(let failure): logger.warning("platform user API", metadata: ["failure": "\(failure)"])
            }
            self?.enter { [body] in $0.handle(.fetched(id, body)) }
        }
    }
}

/// The connection to the platform.
extension Desk {
    private func connect(_ uri: String) {
        disconnect()
        guard let url = WebSocketURL(uri) else { return fail("the gateway's URI is invalid") }
        connections += 1
        let number = connections
        var options = WebSocketClient.Configuration(url: url, subprotocols: ["sip"])
        options.route = configuration.route
        options.connectTime = configuration.connectTimeout
        let callbacks = WebSocketClient.Callbacks(
            onOpen: { [weak self] _ in self?.assumeIsolated { $0.opened(number) } },
            onMessage: { [weak self] message in self?.assumeIsolated { $0.received(message, on: number) } },
            onClose: { [weak self] reason in self?.assumeIsolated { $0.closed(number, reason) } })
        let client = WebSocketClient(options, on: executor, logger: logger, callbacks: callbacks)
        connection = Connection(number: number, client: client, url: url)
        client.connect()
    }

    /// The seat hears of it after what it is doing now.
    private func fail(_ reason: String) {
        enter { $0.handle(.disconnected(reason: reason)) }
    }

    private func opened(_ number: Int) {
        guard let connection, number == connection.number else { return }
        let endpoints = connection.client.assumeIsolated { $0.endpoints }
        path = endpoints.map { Trace.Path(local: $0.local, remote: $0.remote) }
        handle(.connected(from: path?.local.address))
    }

    private func received(_ message: WebSocket.Message, on number: Int) {
        guard number == connection?.number else { return }
        note(message.bytes, .received, at: .now)
        handle(.received(message.bytes))
    }

    /// What answers a message holds bytes of it, which need not be UTF-8 (RFC 7118 §4.2).
    private func transmit(_ message: [UInt8], at now: Moment) {
        guard let connection else { return }
        note(message, .sent, at: now)
        connection.client.send(WebSocket.Message(textOrBinary: message))
    }

    private func note(_ message: [UInt8], _ direction: Trace.Direction, at now: Moment) {
        guard let path else { return }
        premises.traces.assumeIsolated { [name] in $0.note(message, direction, over: path, of: name, at: now) }
    }

    private func closed(_ number: Int, _ reason: WebSocketClient.CloseReason) {
        guard number == connection?.number else { return }
        connection = nil
        handle(.disconnected(reason: reason.text, isAnswered: reason.isAnswered))
    }

    private func disconnect() {
        connection?.client.close()
        connection = nil
    }
}

/// The audio of the calls.
extension Desk {
    private func answer(_ leg: LegID, offer: String) {
        openLegs.insert(leg)
        Task {
            let input: Seat.Input
            do throws(MediaFailure) {
                input = .legAnswered(leg, sdp: try await path(for: leg).answer(offer: offer))
            } catch {
                logger.warning("offer refused", metadata: ["reason": "\(error.text)"])
                input = .legRefused(leg, warning: Warning(error))
            }
            handle(input)
        }
    }

    private func offer(_ leg: LegID) {
        openLegs.insert(leg)
        Task {
            let input: Seat.Input
            do throws(MediaFailure) {
                input = .legOffers(leg, sdp: try await path(for: leg).offer())
            } catch {
                logger.warning("no offer", metadata: ["reason": "\(error.text)"])
                input = .legRefused(leg, warning: Warning(error))
            }
            handle(input)
        }
    }

    /// The leg's own path, made with the first offer; a leg that is closed meanwhile gets none.
    private func path(for leg: LegID) async throws(MediaFailure) -> MediaPath {
        if let path = paths[leg] { return path }
        guard let addresses = try? configuration.addresses(forGateway: connection?.url.host), !addresses.isEmpty else {
            throw .noTransport
        }
        let (source, sink) = await premises.devices.open()
        guard openLegs.contains(leg), paths[leg] == nil else { throw .closed }
        var randomness = Randomness.system
        var media = MediaPath.Configuration(
            addresses: addresses, certificate: premises.certificate.current(at: MonotonicClock.now),
            ice: configuration.ice, codecs: configuration.codecs.isEmpty ? MediaCodec.allCases : configuration.codecs,
            cname: randomness.token(length: 16))
        media.encryptions = configuration.encryptions(over: connection?.url)
        if configuration.encryption.contains(.sdes), !media.encryptions.contains(.sdes) {
            logger.warning("no SDES keys are taken over a connection without TLS")
        }
        let path = MediaPath(
            configuration: media, source: source, sink: sink, logger: logger
        ) { [weak self] event in
            self?.enter { $0.mediaChanged(leg, event) }
        }
        paths[leg] = path
        // Before it can be answered: who listens in is not heard for a moment either.
        await path.setMuted(mutedLegs.contains(leg))
        follow()
        return path
    }

    private func mediaChanged(_ leg: LegID, _ event: MediaPath.Event) {
        if case .keyPressed(let key) = event { return handle(.keyReceived(leg, key)) }
        logger.info("media", metadata: ["event": "\(event)"])
        switch event {
        case .failed: handle(.legFailed(leg))
        case .endedByPeer: handle(.legEndedByPeer(leg))
        case .heard:
            heardLegs.insert(leg)
            follow()
        case .restarts(let offer): handle(.legOffers(leg, sdp: offer.value))
        case .connected, .closed, .keyPressed: break
        }
    }

    /// Without an answer that is of use the sound stays as it is, for as long as it can.
    private func accept(_ answer: String?, for leg: LegID) {
        guard let path = paths[leg] else { return }
        Task {
            do throws(MediaFailure) {
                if let answer { return try await path.accept(answer: answer) }
            } catch {
                logger.warning("answer refused", metadata: ["reason": "\(error.text)"])
            }
            await path.withdrawOffer()
            if await !path.statistics().isConnected { handle(.legFailed(leg)) }
        }
    }

    private func add(_ candidates: String, to leg: LegID) {
        guard let path = paths[leg] else { return }
        Task { await path.add(candidates: candidates) }
    }

    private func mute(_ leg: LegID, _ isMuted: Bool) {
        if isMuted { mutedLegs.insert(leg) } else { mutedLegs.remove(leg) }
        guard let path = paths[leg] else { return }
        Task { await path.setMuted(mutedLegs.contains(leg)) }
    }

    private func press(_ leg: LegID, _ key: Character, for duration: Duration, until end: Instant) {
        Task {
            guard let path = paths[leg] else { return handle(.keyPressed(leg, taking: nil)) }
            let time = await path.pressKey(key, for: duration, until: end)
            // Nobody waits for it any more.
            guard MonotonicClock.now < end else { return }
            handle(.keyPressed(leg, taking: time))
        }
    }

    private func measure(_ leg: LegID) {
        guard let path = paths[leg] else { return }
        Task { handle(.legMeasured(leg, await path.measure().qualityMembers)) }
    }

    private func close(_ leg: LegID) {
        openLegs.remove(leg)
        heardLegs.remove(leg)
        mutedLegs.remove(leg)
        guard let path = paths.removeValue(forKey: leg) else { return }
        Task { await path.close() }
    }
}

extension Warning {
    fileprivate init(_ failure: MediaFailure) {
        self.init(code: failure.warning.code, text: failure.warning.text)
    }
}
