import CSRTP
import Wire

/// One direction of SRTP and SRTCP (RFC 3711, RFC 7714), for any SSRC; packets are changed in place, without allocation.
package struct SRTPSession: ~Copyable, Sendable {
    package enum Direction: Hashable, Sendable { case sending, receiving }

    package enum Failure: Error, Hashable, Sendable {
        /// The key does not fit the profile.
        case badKey
        /// The packet's authentication tag is wrong.
        case authentication
        /// The packet was seen before, or is too old to tell.
        case replayed
        /// The packet is cut short or no RTP at all.
        case malformed
        /// The buffer has no room for the authentication tag.
        case noRoom
        /// The key has been used for as many packets as it may be.
        case keyExpired
        case other(UInt32)
    }

    /// What protection may add to a packet.
    package static let maximumOverhead = 144

    package init(_ direction: Direction, keys: SRTPKeys) throws(Failure) {}

    /// Protects the RTP packet in the first `count` bytes and returns its new length.
    package mutating func protectRTP(_ buffer: inout MutableSpan<UInt8>, count: Int) throws(Failure) -> Int { count }

    package mutating func protectRTCP(_ buffer: inout MutableSpan<UInt8>, count: Int) throws(Failure) -> Int { count }

    /// Takes the protection off the packet in the first `count` bytes and returns its new length.
    package mutating func unprotectRTP(_ buffer: inout MutableSpan<UInt8>, count: Int) throws(Failure) -> Int { count }

    package mutating func unprotectRTCP(_ buffer: inout MutableSpan<UInt8>, count: Int) throws(Failure) -> Int {
        count
    }
}
