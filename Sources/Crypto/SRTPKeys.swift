import COpenSSL
import Wire

/// An SRTP protection profile that DTLS can agree on (RFC 5764 §4.1.2, RFC 7714 §14.2).
package enum SRTPProfile: UInt16, Hashable, Sendable, CaseIterable {
    case aes128CMSHA1_80 = 0x0001
    case aeadAES128GCM = 0x0007
    case aeadAES256GCM = 0x0008

    /// The profiles a DTLS session offers, the preferred one first, as OpenSSL names them.
    ///
    /// AES-128-GCM goes before AES-256-GCM and the HMAC profile because it costs a call the least time.
    static let offer = "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80"

    package var keyLength: Int {
        switch self {
        case .aes128CMSHA1_80, .aeadAES128GCM: 16
        case .aeadAES256GCM: 32
        }
    }

    package var saltLength: Int {
        switch self {
        case .aes128CMSHA1_80: 14
        case .aeadAES128GCM, .aeadAES256GCM: 12
        }
    }
}

/// What a DTLS handshake yields for SRTP: one master key followed by its salt for each direction.
package struct SRTPKeys: Sendable, Hashable {
    package let profile: SRTPProfile
    package let sending: Redacted<[UInt8]>
    package let receiving: Redacted<[UInt8]>

    package init(profile: SRTPProfile, sending: [UInt8], receiving: [UInt8]) {
        self.profile = profile
        self.sending = Redacted(sending)
        self.receiving = Redacted(receiving)
    }

    /// Takes the keys out of a DTLS session whose handshake is over (RFC 5764 §4.2); nil when no profile was agreed on.
    init?(exportedFrom ssl: OpaquePointer, isClient: Bool) {
        guard let selected = SSL_get_selected_srtp_profile(ssl),
            let profile = SRTPProfile(rawValue: UInt16(truncatingIfNeeded: selected.pointee.id))
        else { return nil }
        let label = Array("EXTRACTOR-dtls_srtp".utf8CString)
        var material = [UInt8](repeating: 0, count: 2 * (profile.keyLength + profile.saltLength))
        let exported = SSL_export_keying_material(
            ssl, &material, material.count, label, label.count - 1, nil, 0, 0)
        guard exported == 1 else { return nil }
        let (keys, salts) = (material.prefix(2 * profile.keyLength), material.suffix(2 * profile.saltLength))
        let client = [UInt8](keys.prefix(profile.keyLength) + salts.prefix(profile.saltLength))
        let server = [UInt8](keys.suffix(profile.keyLength) + salts.suffix(profile.saltLength))
        self.init(profile: profile, sending: isClient ? client : server, receiving: isClient ? server : client)
    }
}
