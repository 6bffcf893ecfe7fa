import Crypto
import ICE
import SDP
import Wire

extension PeerConnection {
    private enum Limit {
        /// A handshake's flight is two or three datagrams; what is lost here is sent again.
        static let earlyDTLS = 4
    }

    mutating func receiveSTUN(_ datagram: Span<UInt8>, on path: Path, at now: Instant) -> [Output] {
        guard let message = try? STUNMessage(parsing: datagram) else {
            packetsDropped += 1
            return []
        }
        if successor?.isConcerned(by: message) == true {
            return succeed(successor?.receive(message, on: path, at: now) ?? [], at: now)
        }
        return act(on: agent.receive(message, on: path, at: now), at: now)
    }

    /// DTLS is listened to on paths ICE has proven; what comes sooner waits for that, as a peer may see its check succeed
    /// before we do.
    mutating func receiveDTLS(_ datagram: Span<UInt8>, on path: Path, at now: Instant) -> [Output] {
        let isMakingOne = next.role != nil
        if isMakingOne, (successor ?? agent).isValid(path) {
            return act(onNext: next?.transport.receive(datagram, at: now), answeringOn: path, at: now)
        }
        if transport.role != nil, agent.isValid(path), !isMakingOne || !datagram.isUnprotectedDTLS {
            return act(onPresent: transport?.receive(datagram, at: now), at: now)
        }
        if earlyDTLS.count < Limit.earlyDTLS {
            earlyDTLS.append((bytes: [UInt8](datagram), path: path))
        } else {
            packetsDropped += 1
        }
        return []
    }

    /// Carries out what ICE has to say.
    mutating func act(on outputs: [Agent.Output], at now: Instant) -> [Output] {
        var actions: [Output] = []
        for output in outputs {
            switch output {
            case .transmit(let bytes, let local, let remote):
                actions.append(.transmit(bytes, from: local, to: remote))
            case .valid:
                if successor == nil { actions += shakeHands(at: now) }
            case .selected(let path):
                actions.append(.diagnostic(.selectedPair(local: path.local, remote: path.remote)))
                if successor == nil { actions += shakeHands(at: now) }
            case .stateChanged(.failed(let failure)):
                if successor == nil { actions += fail(failure == .noPath ? .noPath : .consentLost) }
            case .stateChanged(.new), .stateChanged(.checking), .stateChanged(.connected): continue
            }
        }
        return actions
    }

    /// Carries out what the ICE of a restart has to say, which takes the other one's place when it has selected a path. If
    /// it finds none, that of the other is kept for as long as there is consent.
    mutating func succeed(_ outputs: [Agent.Output], at now: Instant) -> [Output] {
        guard !next.isThere else { return shakeHands(over: outputs, at: now) }
        guard let heir = successor else { return [] }
        switch heir.state {
        case .connected:
            agent = heir
            successor = nil
            return act(on: outputs, at: now)
        case .failed:
            successor = nil
            if case .failed = agent.state { return fail(.noPath) }
            return []
        case .new, .checking:
            return outputs.compactMap { output in
                guard case .transmit(let bytes, let local, let remote) = output else { return nil }
                return .transmit(bytes, from: local, to: remote)
            }
        }
    }

    /// Carries out what the ICE of a new association has to say: it takes the other one's place together with that. The peer
    /// of the one before need not be there any more, so there is no way back.
    private mutating func shakeHands(over outputs: [Agent.Output], at now: Instant) -> [Output] {
        var actions: [Output] = []
        for output in outputs {
            switch output {
            case .transmit(let bytes, let local, let remote):
                actions.append(.transmit(bytes, from: local, to: remote))
            case .valid, .selected: actions += shakeHands(at: now)
            case .stateChanged(.failed): actions += fail(.noPath)
            case .stateChanged(.new), .stateChanged(.checking), .stateChanged(.connected): continue
            }
        }
        return actions
    }

    /// Begins with the first path that works, without waiting for one to be selected (RFC 8445 §12.1), and takes up what
    /// has come on a path that works by now.
    mutating func shakeHands(at now: Instant) -> [Output] {
        var outputs: [Output] = []
        if next.isThere, !next.isHandshaking {
            next?.isHandshaking = true
            outputs += act(onNext: next?.transport.start(at: now), at: now)
        }
        for datagram in exchange(&earlyDTLS, with: []) {
            outputs += receiveDTLS(datagram.bytes.span, on: datagram.path, at: now)
        }
        return outputs
    }

    /// Sends what the association in use has to send, and takes note of what happened to it; that is of no interest any more
    /// when another one is to take its place.
    mutating func act(onPresent event: SecureTransport.Event?, at now: Instant) -> [Output] {
        var outputs: [Output] = []
        if let path = agent.path {
            for datagram in transport?.takeDatagrams() ?? [] {
                outputs.append(.transmit(datagram, from: path.local, to: path.remote))
            }
        }
        switch event {
        case .closedByPeer: outputs += endByPeer()
        case .failed(let failure) where !next.isThere: outputs += fail(failure)
        case .failed, .established, nil: break
        }
        return outputs
    }

    /// Sends what the handshake has to send, on the selected path or else the one it was spoken to on, and takes note of
    /// what happened to it.
    mutating func act(
        onNext event: SecureTransport.Event?, answeringOn path: Path? = nil, at now: Instant
    ) -> [Output] {
        var outputs: [Output] = []
        if let path = (successor ?? agent).path ?? path {
            for datagram in next?.transport.takeDatagrams() ?? [] {
                outputs.append(.transmit(datagram, from: path.local, to: path.remote))
            }
        }
        switch event {
        case .established(let profile): outputs += established(profile, at: now)
        case .closedByPeer: outputs += fail(.dtls)
        case .failed(let failure): outputs += fail(failure)
        case nil: break
        }
        return outputs
    }

    /// From now on the new association is the one; who was spoken to over the old one is told so.
    private mutating func established(_ profile: SRTPProfile?, at now: Instant) -> [Output] {
        guard let association = next.take() else { return [] }
        var outputs = transport.isThere ? goodbye(at: now) : []
        let (role, audio, source) = (association.transport.role, association.audio, association.source)
        transport = association.established()
        isPlain = transport.encryption == .plain
        remoteInUse = remote
        if let heir = successor {
            agent = heir
            successor = nil
            if let path = agent.selected {
                outputs.append(.diagnostic(.selectedPair(local: path.local, remote: path.remote)))
            }
        }
        if let source { outputs += meet(audio, as: source) }
        let randomness = fork()
        stream?.scheduleReports(from: now, randomness: randomness)
        outputs.append(.diagnostic(profile.map { .srtpReady($0, role.map(Statistics.DTLSRole.init)) } ?? .plain))
        guard state != .connected else { return outputs }
        state = .connected
        return outputs + [.stateChanged(.connected)]
    }

    /// Nothing that the peer before says of its end is of interest once there is another one.
    mutating func endByPeer() -> [Output] {
        guard !isEndedByPeer, !next.isThere else { return [] }
        isEndedByPeer = true
        return [.endedByPeer]
    }

    mutating func fail(_ failure: Failure) -> [Output] {
        guard isLive else { return [] }
        state = .failed(failure)
        return [.stateChanged(state)]
    }

    mutating func goodbye(at now: Instant) -> [Output] {
        let farewell = stream?.goodbye(at: now)
        let reports = farewell.map { sendReports($0) } ?? []
        guard state == .connected else { return reports }
        transport?.close()
        return reports + act(onPresent: nil, at: now)
    }
}

extension Span<UInt8> {
    /// Whether the first record is in the clear, as a handshake begins: its epoch is zero (RFC 6347 §4.1).
    fileprivate var isUnprotectedDTLS: Bool { count > 4 && self[3] == 0 && self[4] == 0 }
}
