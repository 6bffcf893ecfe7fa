import Wire

/// An SRTP protection profile that DTLS can agree on (RFC 5764 §4.1.2, RFC 7714 §14.2).
package enum SRTPProfile: UInt16, Hashable, Sendable, CaseIterable {
    case aes128CMSHA1_80 = 0x0001
    case aeadAES128GCM = 0x0007
    case aeadAES256GCM = 0x0008
}

/// What a DTLS handshake yields for SRTP: one master key followed by its salt for each direction.
package struct SRTPKeys: Sendable, Hashable {
    package let profile: SRTPProfile
    package let sending: Redacted<[UInt8]>
    package let receiving: Redacted<[UInt8]>
}
