/// Why a session description was refused; in SIP it becomes 488 with a Warning (RFC 3261 §20.43).
package enum Refusal: Error, Equatable, Sendable {
    /// Not a session description of RFC 8866.
    case malformed
    /// The call has ended, or an answer came without an offer.
    case wrongState
    case noAudioSection
    /// RTP without DTLS-SRTP, or an SRTP profile keyed in the description.
    case transportNotSecure
    case noFingerprint
    case noICECredentials
    case noRTCPMultiplexing
    case noCommonCodec
    /// The `setup` attributes of the two sides do not fit (RFC 5763 §5).
    case noDTLSRole
    /// The peer wants new ICE credentials; restarts come later.
    case iceRestart
    /// A later offer changed the fingerprint, the DTLS role or the codec of a transport that stays.
    case transportChanged

    /// The warn-code and warn-text of RFC 3261 §20.43.
    package var warning: (code: Int, text: String) {
        switch self {
        case .malformed: (399, "Session description malformed")
        case .wrongState: (399, "No negotiation possible in this state")
        case .noAudioSection: (304, "Media type not available")
        case .transportNotSecure: (302, "Incompatible transport protocol: UDP/TLS/RTP/SAVPF required")
        case .noFingerprint: (306, "Attribute missing: fingerprint")
        case .noICECredentials: (306, "Attribute missing: ice-ufrag or ice-pwd")
        case .noRTCPMultiplexing: (306, "Attribute missing: rtcp-mux")
        case .noCommonCodec: (305, "Incompatible media format")
        case .noDTLSRole: (399, "No DTLS role left")
        case .iceRestart: (399, "ICE restart not supported")
        case .transportChanged: (399, "Transport of a running session changed")
        }
    }
}
