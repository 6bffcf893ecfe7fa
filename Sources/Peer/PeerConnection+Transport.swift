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
        guard transport != nil, agent.isValid(path) else {
            if earlyDTLS.count < Limit.earlyDTLS {
                earlyDTLS.append((bytes: [UInt8](datagram), path: path))
            } else {
                packetsDropped += 1
            }
            return []
        }
        return act(on: transport?.receive(datagram, at: now), answeringOn: path, at: now)
    }

    /// Carries out what ICE has to say.
    mutating func act(on outputs: [Agent.Output], at now: Instant) -> [Output] {
        var actions: [Output] = []
        for output in outputs {
            switch output {
            case .transmit(let bytes, let local, let remote):
                actions.append(.transmit(bytes, from: local, to: remote))
            case .valid: actions += shakeHands(at: now)
            case .selected(let path):
                actions.append(.diagnostic(.selectedPair(local: path.local, remote: path.remote)))
                actions += shakeHands(at: now)
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
        guard let next = successor else { return [] }
        switch next.state {
        case .connected:
            agent = next
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

    /// Begins with the first path that works, without waiting for one to be selected (RFC 8445 §12.1), and takes up what
    /// has come on a path that works by now.
    private mutating func shakeHands(at now: Instant) -> [Output] {
        var outputs: [Output] = []
        if !isHandshaking {
            isHandshaking = true
            outputs += act(on: transport?.start(at: now), at: now)
        }
        let waiting = earlyDTLS
        earlyDTLS = []
        for datagram in waiting {
            if agent.isValid(datagram.path) {
                outputs += act(on: transport?.receive(datagram.bytes.span, at: now), at: now)
            } else {
                earlyDTLS.append(datagram)
            }
        }
        return outputs
    }

    /// Sends what DTLS has to send, on the selected path or else the one it was spoken to on, and takes note of
    /// what happened to it.
    mutating func act(
        on event: SecureTransport.Event?, answeringOn path: Path? = nil, at now: Instant
    ) -> [Output] {
        var outputs: [Output] = []
        if let path = agent.path ?? path {
            for datagram in transport?.takeDatagrams() ?? [] {
                outputs.append(.transmit(datagram, from: path.local, to: path.remote))
            }
        }
        switch event {
        case .established(let profile): outputs += established(profile, at: now)
        case .closedByPeer: outputs += endByPeer()
        case .failed(let failure): outputs += fail(failure)
        case nil: break
        }
        return outputs
    }

    private mutating func established(_ profile: SRTPProfile, at now: Instant) -> [Output] {
        guard let role = transport.role else { return [] }
        let randomness = fork()
        stream?.scheduleReports(from: now, randomness: randomness)
        state = .connected
        return [.diagnostic(.srtpReady(profile, Statistics.DTLSRole(role))), .stateChanged(.connected)]
    }

    mutating func endByPeer() -> [Output] {
        defer { isEndedByPeer = true }
        return isEndedByPeer ? [] : [.endedByPeer]
    }

    private mutating func fail(_ failure: Failure) -> [Output] {
        guard isLive else { return [] }
        state = .failed(failure)
        return [.stateChanged(state)]
    }

    mutating func goodbye(at now: Instant) -> [Output] {
        let farewell = stream?.goodbye(at: now)
        let reports = farewell.map { sendReports($0) } ?? []
        guard state == .connected else { return reports }
        transport?.close()
        return reports + act(on: nil, at: now)
    }
}
