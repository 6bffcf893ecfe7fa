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
        act(on: agent?.receive(datagram, from: path.remote, to: path.local, at: now) ?? [], at: now)
    }

    /// DTLS is listened to on paths ICE has proven; what comes sooner waits for the pair to be selected, as a peer
    /// may see its nomination succeed before we do.
    mutating func receiveDTLS(_ datagram: Span<UInt8>, on path: Path, at now: Instant) -> [Output] {
        guard transport != nil, agent?.isValid(path) == true else {
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
            case .selected(let path):
                actions.append(.diagnostic(.selectedPair(local: path.local, remote: path.remote)))
            case .stateChanged(.connected): actions += startHandshake(at: now)
            case .stateChanged(.failed(let failure)):
                actions += fail(failure == .noPath ? .noPath : .consentLost)
            case .stateChanged(.new), .stateChanged(.checking): continue
            }
        }
        return actions
    }

    private mutating func startHandshake(at now: Instant) -> [Output] {
        var outputs = act(on: transport?.start(at: now), at: now)
        let waiting = earlyDTLS
        earlyDTLS = []
        for datagram in waiting where agent?.isValid(datagram.path) == true {
            outputs += act(on: transport?.receive(datagram.bytes.span, at: now), at: now)
        }
        return outputs
    }

    /// Sends what DTLS has to send, on the selected path or else the one it was spoken to on, and takes note of
    /// what happened to it.
    mutating func act(
        on event: SecureTransport.Event?, answeringOn path: Path? = nil, at now: Instant
    ) -> [Output] {
        var outputs: [Output] = []
        if let path = agent?.selected ?? path {
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
