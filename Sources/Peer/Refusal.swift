import SDP

/// Why a session description was refused; in SIP it becomes 488 with a Warning (RFC 3261 §21.4.26, §20.43).
package enum Refusal: Error, Equatable, Sendable {
    /// Not a session description of RFC 8866.
    case malformed(SessionDescription.ParseFailure)
    /// A description without an audio section that can be used.
    case unusable(AudioDescription.Refusal)
    /// The call has ended, an answer came without an offer, or an offer while ours is pending.
    case wrongState
    /// A later description is of another section than the call's, or of a peer whose ICE was not offered anew.
    case sessionChanged

    /// The warn-code and warn-text of RFC 3261 §20.43.
    package var warning: (code: Int, text: String) {
        switch self {
        case .malformed: (399, "Session description malformed")
        case .unusable(.noAudioSection): (304, "Media type not available: audio required")
        case .unusable(.transportNotSecure): (302, "Incompatible transport protocol: UDP/TLS/RTP/SAVPF required")
        case .unusable(.keysInDescription): (399, "SDES keys not supported: DTLS-SRTP required")
        case .unusable(.noFingerprint): (399, "Attribute missing: fingerprint of SHA-256 or better")
        case .unusable(.noICECredentials): (399, "Attribute missing: ice-ufrag or ice-pwd")
        case .unusable(.noRTCPMultiplexing): (399, "Attribute missing: rtcp-mux")
        case .unusable(.noDTLSRole): (399, "No DTLS role left by setup")
        case .unusable(.dtlsNotTaken): (399, "DTLS-SRTP not taken")
        case .unusable(.noUsableKeys): (399, "No usable SDES key")
        case .unusable(.noAddress): (301, "Incompatible network address formats")
        case .unusable(.noCommonFormat): (305, "Incompatible media format")
        case .wrongState: (399, "No negotiation possible now")
        case .sessionChanged: (399, "Change of a running session not supported")
        }
    }
}
