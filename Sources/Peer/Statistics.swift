import Crypto
import ICE
import Media
import SDP
import Wire

/// The counters of a peer connection since its start (the W3C's `RTCStats`, the part a call's quality needs).
package struct Statistics: Sendable, Equatable {
    package enum DTLSRole: Sendable, Equatable { case client, server }

    /// As SDP calls the types of candidates (RFC 8839 §5.1).
    package enum CandidateKind: String, Sendable {
        case host
        case serverReflexive = "srflx"
        case peerReflexive = "prflx"
        case relayed = "relay"
    }

    /// The local and the remote address media flows between.
    package struct Pair: Sendable, Equatable {
        package var local: Endpoint
        package var remote: Endpoint

        package init(local: Endpoint, remote: Endpoint) {
            self.local = local
            self.remote = remote
        }
    }

    package var packetsSent: UInt64 = 0
    /// Payload bytes, without headers and authentication tags.
    package var bytesSent: UInt64 = 0
    package var packetsReceived: UInt64 = 0
    package var bytesReceived: UInt64 = 0
    /// Packets expected and not received (RFC 3550 §6.4.1), latecomers being received.
    package var packetsLost: Int64 = 0
    /// Packets that were lost but came as repetitions in later ones (RFC 2198).
    package var packetsRecovered: UInt64 = 0
    /// What the peer lost of ours, by its last report: since the beginning, and the share since its report before.
    package var remotePacketsLost: Int64?
    package var remoteFractionLost: Double?
    /// The jitter of what the peer receives, by its last report.
    package var remoteJitter: Duration?
    /// How loud the peer says it is.
    package var remoteLevel: AudioLevel?
    /// Datagrams that were neither STUN, DTLS nor authentic media of the agreed payload types.
    package var packetsDropped: UInt64 = 0
    /// Interarrival jitter (RFC 3550 §6.4.1).
    package var jitter: Duration = .zero
    package var roundTripTime: Duration?
    /// What became of the received sound.
    package var playout = PlayoutStatistics()
    package var selectedPair: Pair?
    /// What the addresses of the selected pair are.
    package var localCandidate: CandidateKind?
    package var remoteCandidate: CandidateKind?
    package var dtlsRole: DTLSRole?
    /// How sound is protected now, nil before it is; and with SRTP, by which profile.
    package var encryption: MediaEncryption?
    package var srtpProfile: SRTPProfile?
    package var codec: Codec?

    package init() {}
}

extension Statistics.CandidateKind {
    init(_ kind: Candidate.Kind) {
        self =
            switch kind {
            case .host: .host
            case .serverReflexive: .serverReflexive
            case .peerReflexive: .peerReflexive
            case .relayed: .relayed
            }
    }
}

extension Statistics.DTLSRole {
    init(_ role: DTLSSession.Role) {
        self = role == .client ? .client : .server
    }
}
