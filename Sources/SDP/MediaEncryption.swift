/// How sound is kept from others on its way.
package enum MediaEncryption: String, Sendable, CaseIterable {
    /// SRTP with keys that DTLS agrees on, vouched for by the fingerprints of the descriptions (RFC 5764).
    case dtls
    /// SRTP with keys that stand in the descriptions, for everyone to read who reads those (RFC 4568).
    case sdes
    /// RTP that everyone on the way can listen to and add to.
    case plain
}
