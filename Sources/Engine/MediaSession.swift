import Audio
import Logging
import Network
import Peer
import Wire

/// What a ``MediaPath`` is made of, on the path's queue: the handlers of its sockets and of its timer run there already,
/// and enter it without the allocations that entering an actor takes.
final class MediaSession {
    private let addresses: [IPAddress]
    private let source: any AudioSource
    private let sink: any AudioSink
    private let logger: Logger
    private let executor: QueueExecutor
    private let onEvent: @Sendable (MediaPath.Event) -> Void

    private var peer: PeerConnection
    private var sockets: [UDPSocket] = []
    private var timer: DeadlineTimer?
    /// A datagram while it is decrypted in place.
    private var datagram: [UInt8] = []

    private var codec: MediaCodec?
    private var outgoing: OutgoingSound?
    private var incoming: IncomingSound?
    var isMuted = false
    private var isClosed = false
    private var isConnected = false
    private var hasPeerEnded = false
    /// When the next frame is due; nil while nothing is connected.
    private var nextFrame: Instant?

    init(
        configuration: MediaPath.Configuration, source: any AudioSource, sink: any AudioSink, logger: Logger,
        executor: QueueExecutor, onEvent: @escaping @Sendable (MediaPath.Event) -> Void
    ) {
        self.executor = executor
        addresses = configuration.addresses
        peer = PeerConnection(
            configuration: PeerConnection.Configuration(
                certificate: configuration.certificate, codecs: configuration.codecs.map(\.negotiable),
                cname: configuration.cname),
            randomness: .system)
        self.source = source
        self.sink = sink
        self.logger = logger
        self.onEvent = onEvent
    }

    func answer(offer: String) throws(MediaFailure) -> String {
        try open()
        do throws(Refusal) {
            let (answer, outputs) = try peer.createAnswer(
                toOffer: offer, hostCandidates: sockets.map(\.localEndpoint), at: MonotonicClock.now)
            perform(outputs)
            return answer
        } catch {
            throw .refused(error)
        }
    }

    func offer() throws(MediaFailure) -> String {
        try open()
        let offer = peer.createOffer(hostCandidates: sockets.map(\.localEndpoint), at: MonotonicClock.now)
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
    }

    func close() {
        guard !isClosed else { return }
        perform(peer.close(at: MonotonicClock.now))
        shutDown(.closed)
    }

    var statistics: MediaPath.Statistics {
        let counters = peer.statistics
        return MediaPath.Statistics(
            codec: codec, isConnected: isConnected, isMuted: isMuted, packetsSent: counters.packetsSent,
            packetsReceived: counters.packetsReceived, packetsLost: counters.packetsLost, jitter: counters.jitter,
            roundTripTime: counters.roundTripTime, srtpProfile: counters.srtpProfile.map { "\($0)" },
            sent: outgoing?.reading ?? .quiet, received: incoming?.reading ?? .quiet)
    }
}

/// The network side.
extension MediaSession {
    /// More than any path's MTU that carries a call.
    private static let maximumDatagramLength = 2048

    private func open() throws(MediaFailure) {
        guard !isClosed else { throw .closed }
        guard sockets.isEmpty else { return }
        for address in addresses {
            do throws(SystemError) {
                sockets.append(try makeSocket(on: address))
            } catch {
                logger.warning("no media socket", metadata: ["reason": "\(error)"])
            }
        }
        guard !sockets.isEmpty else { throw .noTransport }
        timer = DeadlineTimer(on: executor) { [weak self] in self?.timerFired() }
    }

    private func makeSocket(on address: IPAddress) throws(SystemError) -> UDPSocket {
        let index = sockets.count
        return try UDPSocket(binding: Endpoint(address, port: 0), on: executor) { [weak self] datagram, source in
            self?.receive(datagram, from: source, onSocket: index)
        }
    }

    private func receive(_ received: Span<UInt8>, from remote: Endpoint, onSocket index: Int) {
        guard !isClosed, received.count <= Self.maximumDatagramLength else { return }
        datagram.removeAll(keepingCapacity: true)
        received.withUnsafeBufferPointer { datagram.append(contentsOf: $0) }
        var span = datagram.mutableSpan
        perform(peer.receive(&span, from: remote, to: sockets[index].localEndpoint, at: executor.metronome.arrival))
    }

    private func timerFired() {
        let now = MonotonicClock.now
        if let deadline = peer.deadline, deadline <= now {
            perform(peer.handle(.deadlineReached, at: now))
        }
        setTimer()
    }

    private func setTimer() {
        timer?.deadline = peer.deadline
    }

    private func perform(_ outputs: [PeerConnection.Output]) {
        for output in outputs {
            switch output {
            case .transmit(let bytes, let local, let remote): transmit(bytes.span, from: local, to: remote)
            case .stateChanged(let state): follow(state)
            case .negotiated(let audio): use(MediaCodec(audio.codec))
            case .endedByPeer: peerEnded()
            case .diagnostic(let diagnostic): log(diagnostic)
            }
        }
        setTimer()
    }

    /// Addresses stay out of the log.
    private func log(_ diagnostic: PeerConnection.Diagnostic) {
        switch diagnostic {
        case .selectedPair: logger.debug("candidate pair selected")
        case .skippedCandidates(let count): logger.debug("candidates skipped", metadata: ["count": "\(count)"])
        case .srtpReady(let profile, let role):
            logger.debug("SRTP ready", metadata: ["profile": "\(profile)", "role": "\(role)"])
        }
    }

    private func transmit(_ datagram: Span<UInt8>, from local: Endpoint, to remote: Endpoint) {
        for socket in sockets where socket.localEndpoint == local {
            _ = socket.send(datagram, to: remote)
        }
    }

    private func follow(_ state: PeerConnection.State) {
        switch state {
        case .connected:
            isConnected = true
            startSound()
            onEvent(.connected)
        case .failed(let failure):
            shutDown(.failed(.connection(failure)))
        case .new, .connecting, .closed:
            break
        }
    }

    /// Said once, though RTCP and DTLS both say goodbye.
    private func peerEnded() {
        guard !hasPeerEnded else { return }
        hasPeerEnded = true
        onEvent(.endedByPeer)
    }

    private func shutDown(_ event: MediaPath.Event) {
        guard !isClosed else { return }
        isClosed = true
        isConnected = false
        nextFrame = nil
        timer = nil
        executor.metronome.remove(self)
        for socket in sockets {
            socket.close()
        }
        sockets = []
        source.stop()
        sink.stop()
        onEvent(event)
    }
}

/// The sound.
extension MediaSession: BeatListener {
    func beat(at now: Instant) {
        passFrames(until: now)
    }

    /// More frames than this are never sent or played in a row: after a longer pause of the machine, sound goes on
    /// from the present.
    private static let maximumFramesInARow = 5

    /// Opens the devices as soon as there is a codec, so that they run by the time the connection does.
    private func use(_ codec: MediaCodec) {
        guard codec != self.codec else { return }
        if self.codec == nil {
            source.start()
            sink.start()
        }
        self.codec = codec
        outgoing = OutgoingSound(source: source, codec: codec)
        incoming = IncomingSound(sink: sink, codec: codec)
    }

    private func startSound() {
        guard nextFrame == nil else { return }
        executor.metronome.add(self)
        nextFrame = executor.metronome.next
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
    }

    private func passFrame(at now: Instant, due: Instant) {
        guard let codec else { return }
        outgoing?.next(isMuted: isMuted, expectedLoss: peer.expectedLoss) { payload in
            peer.sendAudio(payload, samples: codec.ticksPerFrame, at: now) { datagram, local, remote in
                transmit(datagram, from: local, to: remote)
            }
        }
        incoming?.playFrame(from: &peer, at: due)
    }
}
