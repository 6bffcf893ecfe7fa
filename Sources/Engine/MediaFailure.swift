import Peer

/// Why a media path cannot do what it is asked, or has ended by itself.
package enum MediaFailure: Error, Equatable, Sendable {
    /// The peer's description is not one to agree on.
    case refused(Refusal)
    /// No socket could be bound to any of the configured addresses.
    case noTransport
    /// ICE or DTLS failed, or the peer no longer consents.
    case connection(PeerConnection.Failure)
    case closed

    /// The warn-code and warn-text for a 488 (RFC 3261 §20.43).
    package var warning: (code: Int, text: String) {
        switch self {
        case .refused(let refusal): refusal.warning
        case .noTransport: (301, "Incompatible network address formats")
        case .connection, .closed: (399, "Media ended")
        }
    }
}
