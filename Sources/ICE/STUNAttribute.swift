import Wire

/// An attribute of a STUN message (RFC 8489 §14, RFC 8445 §16.1); MESSAGE-INTEGRITY and FINGERPRINT belong to
/// the message as a whole and are not among them.
package enum STUNAttribute: Sendable, Equatable {
    case mappedAddress(Endpoint)
    case username(String)
    case errorCode(Int, reason: String)
    case unknownAttributes([UInt16])
    case realm(String)
    case nonce(String)
    case channelNumber(UInt16)
    case lifetime(seconds: UInt32)
    case xorPeerAddress(Endpoint)
    case data([UInt8])
    case xorRelayedAddress(Endpoint)
    /// An IP protocol number; 17 is UDP.
    case requestedTransport(UInt8)
    case xorMappedAddress(Endpoint)
    case priority(UInt32)
    case useCandidate
    case software(String)
    case iceControlled(tieBreaker: UInt64)
    case iceControlling(tieBreaker: UInt64)
    case other(type: UInt16, value: [UInt8])
}

/// The registry of RFC 8489 §18.3, RFC 8656 §18 and RFC 8445 §20.1.
enum STUNAttributeType {
    static let mappedAddress: UInt16 = 0x0001
    static let username: UInt16 = 0x0006
    static let messageIntegrity: UInt16 = 0x0008
    static let errorCode: UInt16 = 0x0009
    static let unknownAttributes: UInt16 = 0x000A
    static let channelNumber: UInt16 = 0x000C
    static let lifetime: UInt16 = 0x000D
    static let xorPeerAddress: UInt16 = 0x0012
    static let data: UInt16 = 0x0013
    static let realm: UInt16 = 0x0014
    static let nonce: UInt16 = 0x0015
    static let xorRelayedAddress: UInt16 = 0x0016
    static let requestedTransport: UInt16 = 0x0019
    static let xorMappedAddress: UInt16 = 0x0020
    static let priority: UInt16 = 0x0024
    static let useCandidate: UInt16 = 0x0025
    static let software: UInt16 = 0x8022
    static let fingerprint: UInt16 = 0x8028
    static let iceControlled: UInt16 = 0x8029
    static let iceControlling: UInt16 = 0x802A
}
