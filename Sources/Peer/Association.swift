import Crypto
import Media
import Wire

/// A DTLS association that is being made, or its equal without DTLS, and what is agreed on for the time it is there: the first
/// one, or one to take the place of the one in use (RFC 8842 §3.1).
struct Association: ~Copyable, Sendable {
    var transport: SecureTransport
    var audio: NegotiatedAudio
    /// As what this side will speak; nil for the first association, whose stream is there.
    var source: RTPSender?
    var isHandshaking = false

    /// What remains when it is made.
    consuming func established() -> SecureTransport { transport }
}

/// What can be read of one that may not be there; optional chaining would take it away.
extension Association? {
    var isThere: Bool {
        switch self {
        case .some: true
        case .none: false
        }
    }

    var role: DTLSSession.Role? {
        switch self {
        case .some(let association): association.transport.role
        case .none: nil
        }
    }

    var deadline: Instant? {
        switch self {
        case .some(let association): association.transport.deadline
        case .none: nil
        }
    }

    var audio: NegotiatedAudio? {
        switch self {
        case .some(let association): association.audio
        case .none: nil
        }
    }

    /// Whether it is to take another one's place.
    var takesOver: Bool {
        switch self {
        case .some(let association): association.source != nil
        case .none: false
        }
    }

    var isHandshaking: Bool {
        switch self {
        case .some(let association): association.isHandshaking
        case .none: false
        }
    }
}
