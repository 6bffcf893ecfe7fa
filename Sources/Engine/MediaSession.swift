import Audio
import Logging
import Media
import Network
import Peer
import Wire

/// What a ``MediaPath`` is made of, on the path's queue: the handlers of its sockets and of its timer run there already,
/// and enter it without the allocations that entering an actor takes.
final class MediaSession {
    private var addresses: [IPAddress]
    private let source: any AudioSource
    private let sink: any AudioSink
    private let logger: Logger
    private let executor: QueueExecutor
    private let onEvent: @Sendable (MediaPath.Event) -> Void

    private var peer: PeerConnection
    private var transports: LocalTransports?
    private var gathering: Gathering?
    private var names: LocalNameResolver?
    private let ice: ICEConfiguration
    /// Whether a restart was begun and has selected no pair; it may have been given up.
    private var isRestarting = false
    private var timer: DeadlineTimer?
    /// That of the peer, which sound does not change.
    private var deadline: Instant?
    private let buffers: MediaBuffers

    private var codec: MediaCodec?
    private var wishes = ReceptionWishes()
    private var outgoing: OutgoingSound?
    private var incoming: IncomingSound?
    var isMuted = false
    /// Gets both sides of every frame.
    var recording: Recording?
    private var isHeard = false
    private var isClosed = false
    private var isConnected = false
    /// What waits for the connection, or for its end.
    private var waiting = Waiting()
    /// The counters when the call was measured last.
    private var measured = Statistics()
    /// When the next frame is due; nil while nothing is connected.
    private var nextFrame: Instant?

    init(
        configuration: MediaPath.Configuration, source: any AudioSource, sink: any AudioSink, logger: Logger,
        executor: QueueExecutor, buffers: MediaBuffers, onEvent: @escaping @Sendable (MediaPath.Event) -> Void
    ) {
        self.executor = executor
        self.buffers = buffers
        addresses = configuration.addresses
        ice = configuration.ice
        var connection = PeerConnection.Configuration(
            certificate: configuration.certificate, codecs: configuration.codecs.map(\.negotiable),
            prefersOwnCodecOrder: true, cname: configuration.cname)
        connection.hasRedundancy = true
        connection.hasNACK = true
        connection.hasAudioLevel = true
        connection.encryptions = configuration.encryptions
        peer = PeerConnection(configuration: connection, randomness: .system)
        self.source = source
        self.sink = sink
        self.logger = logger
        self.onEvent = onEvent
    }

    func answer(offer: String) throws(MediaFailure) -> String {
        try makeReady()
        do throws(Refusal) {
            let (answer, outputs) = try peer.createAnswer(
                toOffer: offer, at: MonotonicClock.now)
            perform(outputs)
            return answer
        } catch {
            throw .refused(error)
        }
    }

    func offer() throws(MediaFailure) -> String {
        try makeReady()
        // Whoever answers it may be somebody else.
        peer.restart()
        let offer = peer.createOffer(at: MonotonicClock.now)
        setTimer()
        return offer
    }

    func accept(answer: String) throws(MediaFailure) {
        guard !isClosed else { throw .closed }
        do throws(Refusal) {
            perform(try peer.acceptAnswer(answer, at: MonotonicClock.now))
        } catch {
            throw .refused(error)
        }
        networkChanged(to: addresses)
    }

    func close() {
        guard !isClosed else { return }
        perform(peer.close(at: MonotonicClock.now))
        shutDown(.closed)
    }

    /// Runs `body` at once if there is a connection, or none any more.
    func whenConnectedOrClosed(_ body: @escaping () -> Void) { waiting.run(body) }

    func pressKey(_ key: Character, for duration: Duration) -> Duration? {
        guard !isClosed else { return nil }
        return peer.sendKey(key, for: duration)
    }

    func measure() -> MediaPath.Statistics {
        defer { measured = peer.statistics }
        return statistics(since: measured)
    }

    func statistics(since before: Statistics = Statistics()) -> MediaPath.Statistics {
        var statistics = MediaPath.Statistics(peer.statistics, since: before)
        (statistics.codec, statistics.isConnected, statistics.isMuted) = (codec, isConnected, isMuted)
        statistics.sent = outgoing?.reading ?? .quiet
        statistics.received = incoming?.reading ?? .quiet
        return statistics
    }
}

/// The network side.
extension MediaSession {
    /// Opens what candidates are made of, and asks the servers for theirs.
    func open() throws(MediaFailure) {
        guard !isClosed else { throw .closed }
        guard transports == nil else { return }
        timer = DeadlineTimer(on: executor) { [weak self] in self?.timerFired() }
        let transports = LocalTransports(
            ice, on: executor, logger: logger,
            callbacks: LocalTransports.Callbacks(
                onReceive: { [weak self] in self?.receive($0, from: $1, on: $2, at: $3) },
                onServer: { [weak self] in self?.ask($0) },
                onRelayed: { [weak self] in self?.addRelayed($0, related: $1, rank: $2) },
                onRelayLost: { [weak self] in self?.relayLost($0) }))
        self.transports = transports
        gathering = Gathering(
            on: executor, isDone: { [weak self] in self.map { !$0.isGathering } ?? true },
            hasCandidates: { [weak self] in self?.peer.hasCandidates ?? false },
            onTimeout: { [logger] in logger.notice("a STUN or TURN server has not answered in time") })
        peer.setHostAddresses(transports.open(on: addresses))
        transports.gather(on: addresses)
    }

    /// Runs `body` when a description has the candidates it can have without much waiting.
    func whenGathered(_ body: @escaping () -> Void) {
        guard let gathering else { return body() }
        gathering.whenDone(body)
    }

    private func makeReady() throws(MediaFailure) {
        guard !isClosed else { throw .closed }
        guard peer.hasCandidates else { throw .noTransport }
    }

    private var isGathering: Bool { peer.isGathering || transports?.isPending == true }

    private func ask(_ server: Endpoint) {
        guard !isClosed else { return }
        perform(peer.gather(from: [server], at: MonotonicClock.now))
    }

    private func addRelayed(_ relayed: Endpoint, related: Endpoint?, rank: Int) {
        guard !isClosed else { return }
        perform(peer.addRelayed(relayed, related: related, rank: rank, at: MonotonicClock.now))
    }

    private func relayLost(_ relayed: Endpoint?) {
        guard !isClosed else { return }
        let isInUse = relayed != nil && peer.statistics.selectedPair?.local == relayed
        if let relayed { peer.removeLocal(relayed) }
        if isInUse { restart() }
        gathering?.check()
    }

    private func resolve(_ name: String) {
        guard ice.policy == .all else { return }
        let resolver = names ?? LocalNameResolver(on: executor)
        names = resolver
        resolver.resolve(name, on: addresses) { [weak self] address in
            guard let self, !isClosed else { return }
            perform(peer.resolved(name, to: address, at: MonotonicClock.now))
        }
    }

    func add(candidates fragment: String) {
        guard !isClosed else { return }
        let (isTaken, outputs) = peer.addCandidates(fragment: fragment, at: MonotonicClock.now)
        if !isTaken { logger.debug("candidates of another description") }
        perform(outputs)
    }

    /// Nothing is done as long as the pair in use still is of an address the machine has, or an offer has no answer yet.
    func networkChanged(to addresses: [IPAddress]) {
        guard !isClosed, let transports else { return }
        self.addresses = addresses
        guard let pair = peer.statistics.selectedPair, !transports.works(pair.local, on: addresses) else { return }
        restart()
    }

    /// New sockets and relays, described by an offer that the peer is to be made; the old ones go when a new pair works.
    private func restart() {
        guard !peer.isRestarting, !peer.isOffering, let transports, let gathering, !addresses.isEmpty else { return }
        isRestarting = true
        logger.info("media moves to other addresses")
        peer.restart(hostAddresses: transports.open(on: addresses))
        gathering.start()
        transports.gather(on: addresses)
        gathering.whenDone { [weak self] in
            guard let self, !isClosed else { return }
            guard peer.hasCandidates else { return withdrawOffer() }
            onEvent(.restarts(offer: Redacted(peer.createOffer(at: MonotonicClock.now))))
            setTimer()
        }
    }

    func withdrawOffer() {
        peer.withdrawOffer()
        isRestarting = false
    }

    /// Meanwhile the addresses may have changed again.
    private func restartEnded() {
        guard isRestarting else { return }
        isRestarting = false
        networkChanged(to: addresses)
    }

    private func receive(
        _ received: Span<UInt8>, from remote: Endpoint, on local: Endpoint, at arrival: Instant
    ) {
        guard !isClosed, received.count <= MediaBuffers.maximumDatagramLength else { return }
        let isSound = PacketKind(received) == .rtp
        var datagram = exchange(&buffers.datagram, with: [])
        datagram.removeAll(keepingCapacity: true)
        received.withUnsafeBufferPointer { datagram.append(contentsOf: $0) }
        var span = datagram.mutableSpan
        let outputs = peer.receive(&span, from: remote, to: local, at: arrival)
        buffers.datagram = datagram
        if !isSound || !outputs.isEmpty { perform(outputs) }
    }

    private func timerFired() {
        keepDeadlines(at: MonotonicClock.now)
        setTimer()
    }

    private func keepDeadlines(at now: Instant) {
        guard let deadline, deadline <= now else { return }
        perform(peer.handle(.deadlineReached, at: now))
    }

    /// While there is sound, its beats are near enough.
    private func setTimer() {
        deadline = peer.deadline
        timer?.deadline = nextFrame == nil ? deadline : nil
    }

    private func perform(_ outputs: [PeerConnection.Output]) {
        defer { gathering?.check() }
        for output in outputs {
            switch output {
            case .transmit(let bytes, let local, let remote): transmit(bytes.span, from: local, to: remote)
            case .stateChanged(let state): follow(state)
            case .negotiated(let audio): use(MediaCodec(audio.codec), audio.wishes)
            case .endedByPeer: onEvent(.endedByPeer)
            case .keyPressed(let key): onEvent(.keyPressed(key))
            case .resolve(let name): resolve(name)
            case .diagnostic(let diagnostic): log(diagnostic)
            }
        }
        setTimer()
    }

    /// Addresses stay out of the log.
    private func log(_ diagnostic: PeerConnection.Diagnostic) {
        switch diagnostic {
        case .selectedPair:
            logger.debug("candidate pair selected")
            transports?.close { peer.needs($0) }
            holdBack()
            restartEnded()
        case .skippedCandidates(let count): logger.debug("candidates skipped", metadata: ["count": "\(count)"])
        case .srtpReady(let profile, let role):
            let role = role.map { "\($0)" } ?? "none"
            logger.debug("SRTP ready", metadata: ["profile": "\(profile)", "role": "\(role)"])
        case .plain: logger.notice("sound is not encrypted, as the configuration lets it be")
        }
    }

    private func transmit(_ datagram: Span<UInt8>, from local: Endpoint, to remote: Endpoint) {
        transports?.send(datagram, from: local, to: remote)
    }

    private func follow(_ state: PeerConnection.State) {
        switch state {
        case .connected:
            isConnected = true
            startSound()
            holdBack()
            onEvent(.connected)
            waiting.end()
        case .failed(let failure):
            shutDown(.failed(.connection(failure)))
        case .new, .connecting, .closed:
            break
        }
    }

    private func shutDown(_ event: MediaPath.Event) {
        guard !isClosed else { return }
        isClosed = true
        isConnected = false
        nextFrame = nil
        timer = nil
        executor.metronome.remove(self)
        recording = nil
        transports?.close()
        transports = nil
        names?.close()
        names = nil
        gathering?.end()
        gathering = nil
        source.stop()
        sink.stop()
        onEvent(event)
        waiting.end()
    }
}

/// The sound.
extension MediaSession: BeatListener {
    /// More frames than this are never sent or played in a row: after a longer pause of the machine, sound goes on
    /// from the present.
    private static let maximumFramesInARow = 5

    /// Opens the devices as soon as there is a codec, so that they run by the time the connection does.
    private func use(_ codec: MediaCodec, _ wishes: ReceptionWishes) {
        guard codec != self.codec || wishes != self.wishes else { return }
        (self.codec, self.wishes) = (codec, wishes)
        // What is heard changes later, when all is played that came before.
        if let outgoing { return outgoing.change(to: codec, wishes: wishes) }
        source.start()
        sink.start()
        outgoing = OutgoingSound(source: source, codec: codec, wishes: wishes, in: buffers)
        incoming = IncomingSound(sink: sink, codec: codec, in: buffers)
    }

    private func startSound() {
        guard nextFrame == nil else { return }
        executor.metronome.add(self)
        nextFrame = executor.metronome.next
    }

    /// Once sound flows on the path that is to stay, what comes is read at the beats, just before it is played.
    private func holdBack() {
        guard nextFrame != nil, peer.statistics.selectedPair != nil else { return }
        transports?.holdBack()
    }

    func beat(at now: Instant) {
        transports?.read { receive($0, from: $1, on: $2, at: $3) }
        keepDeadlines(at: now)
        passFrames(until: now)
    }

    private func passFrames(until now: Instant) {
        guard var due = nextFrame else { return }
        var framesLeft = Self.maximumFramesInARow
        while due <= now {
            if framesLeft > 0 { passFrame(at: now, due: due) }
            due = due + AudioFormat.frameDuration
            framesLeft -= 1
        }
        nextFrame = due
        if framesLeft < 0 { peer.pauseAudio(for: AudioFormat.frameDuration * -framesLeft) }
    }

    private func passFrame(at now: Instant, due: Instant) {
        outgoing?.next(isMuted: isMuted, expectedLoss: peer.expectedLoss) { payload, ticks, level in
            peer.sendAudio(payload, samples: ticks, level: level, at: now) { datagram, local, remote in
                transmit(datagram, from: local, to: remote)
            }
        }
        incoming?.playFrame(from: &peer, at: due)
        if let recording, outgoing != nil, incoming != nil {
            let (said, heard) = (buffers.said, buffers.heard)
            recording.add(agent: said.span, customer: heard.span, at: due)
        }
        if !isHeard, incoming?.reading.frequency != nil {
            isHeard = true
            onEvent(.heard)
        }
    }
}
