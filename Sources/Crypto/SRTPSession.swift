import CSRTP
import Glibc
import Wire

/// One direction of SRTP and SRTCP (RFC 3711, RFC 7714), for any SSRC.
///
/// Packets are changed in place; nothing is allocated for them but what libcrypto takes for itself.
package struct SRTPSession: ~Copyable, @unchecked Sendable {
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
        /// The buffer has no room for what protection adds.
        case noRoom
        /// The key has been used for as many packets as it may be.
        case keyExpired
        /// The packet is of one source more than there may be.
        case tooManySources
        /// Another error of libsrtp's, by its number.
        case other(UInt32)
    }

    /// How much room protection needs behind a packet: libsrtp's longest trailer, and the index of SRTCP.
    package static let trailerRoom = Int(SRTP_MAX_TAG_LEN + SRTP_MAX_MKI_LEN) + 4

    /// How many packets may overtake another before it counts as a replay (RFC 3711 §3.3.2).
    private static let replayWindow: UInt = 256

    /// How many sources may be received from: libsrtp remembers each, for as long as the session lasts.
    package static let maximumSources = 128

    private static let library = {
        prepareNSS()
        return srtp_init()
    }()

    private let context: srtp_t
    private var latestSource: UInt32?
    private var sources: Set<UInt32> = []

    package init(_ direction: Direction, keys: SRTPKeys) throws(Failure) {
        guard Self.library == srtp_err_status_ok else { throw .other(Self.library.rawValue) }
        var key = direction == .sending ? keys.sending.value : keys.receiving.value
        guard key.count == keys.profile.keyLength + keys.profile.saltLength else { throw .badKey }
        var policy = srtp_policy_t()
        let profile = srtp_profile_t(rawValue: UInt32(keys.profile.rawValue))
        srtp_crypto_policy_set_from_profile_for_rtp(&policy.rtp, profile)
        srtp_crypto_policy_set_from_profile_for_rtcp(&policy.rtcp, profile)
        policy.ssrc.type = direction == .sending ? ssrc_any_outbound : ssrc_any_inbound
        policy.window_size = Self.replayWindow
        var context: srtp_t?
        let status = key.withUnsafeMutableBufferPointer { key in
            policy.key = key.baseAddress
            return srtp_create(&context, &policy)
        }
        guard status == srtp_err_status_ok, let context else { throw .other(status.rawValue) }
        self.context = context
    }

    deinit {
        srtp_dealloc(context)
    }

    /// Protects the RTP packet in the first `count` bytes and returns its new length.
    ///
    /// The buffer must be longer than the packet by ``trailerRoom``.
    package mutating func protectRTP(_ buffer: inout MutableSpan<UInt8>, count: Int) throws(Failure) -> Int {
        try process(&buffer, count, room: Self.trailerRoom, with: srtp_protect)
    }

    /// Protects the compound RTCP packet in the first `count` bytes, as ``protectRTP(_:count:)`` does.
    package mutating func protectRTCP(_ buffer: inout MutableSpan<UInt8>, count: Int) throws(Failure) -> Int {
        try process(&buffer, count, room: Self.trailerRoom, with: srtp_protect_rtcp)
    }

    /// Takes the protection off the packet in the first `count` bytes and returns its new length.
    package mutating func unprotectRTP(_ buffer: inout MutableSpan<UInt8>, count: Int) throws(Failure) -> Int {
        try unprotect(&buffer, count, sourceAt: 8, with: srtp_unprotect)
    }

    /// Takes the protection off the compound packet in the first `count` bytes and returns its new length.
    package mutating func unprotectRTCP(_ buffer: inout MutableSpan<UInt8>, count: Int) throws(Failure) -> Int {
        try unprotect(&buffer, count, sourceAt: 4, with: srtp_unprotect_rtcp)
    }

    /// Only who is authentic counts as a source.
    private mutating func unprotect(
        _ buffer: inout MutableSpan<UInt8>, _ count: Int, sourceAt offset: Int,
        with operation: (srtp_t?, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int32>?) -> srtp_err_status_t
    ) throws(Failure) -> Int {
        guard count <= buffer.count else { throw .noRoom }
        guard count >= offset + 4 else { throw .malformed }
        let source = (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(buffer[offset + $1]) }
        guard source != latestSource else { return try process(&buffer, count, room: 0, with: operation) }
        guard sources.contains(source) || sources.count < Self.maximumSources else { throw .tooManySources }
        let length = try process(&buffer, count, room: 0, with: operation)
        sources.insert(source)
        latestSource = source
        return length
    }

    private func process(
        _ buffer: inout MutableSpan<UInt8>, _ count: Int, room: Int,
        with operation: (srtp_t?, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int32>?) -> srtp_err_status_t
    ) throws(Failure) -> Int {
        guard buffer.count - count >= room else { throw .noRoom }
        // The sender's SSRC ends at byte 8 of an RTCP packet; libsrtp checks the rest.
        guard count >= 8 else { throw .malformed }
        var length = Int32(clamping: count)
        let status = buffer.withUnsafeMutableBytes { operation(context, $0.baseAddress, &length) }
        if let failure = Failure(status) { throw failure }
        return Int(length)
    }
}

extension SRTPSession.Failure {
    fileprivate init?(_ status: srtp_err_status_t) {
        switch status {
        case srtp_err_status_ok: return nil
        case srtp_err_status_auth_fail: self = .authentication
        case srtp_err_status_replay_fail, srtp_err_status_replay_old, srtp_err_status_pkt_idx_old: self = .replayed
        case srtp_err_status_bad_param, srtp_err_status_parse_err: self = .malformed
        case srtp_err_status_key_expired: self = .keyExpired
        default: self = .other(status.rawValue)
        }
    }
}

/// Where libsrtp is built upon NSS, has NSS find its sessions quickly, which each packet makes it do.
///
/// libsrtp asks for tables of 32 chains (`NSS_INIT_OPTIMIZESPACE`), which some hundred keys make long; but whoever initializes NSS
/// first decides.
private func prepareNSS() {
    typealias Text = UnsafePointer<CChar>
    typealias InitContext = @convention(c) (Text, Text, Text, Text, OpaquePointer?, UInt32) -> OpaquePointer?
    guard let symbol = dlsym(nil, "NSS_InitContext") else { return }
    // Read-only, without certificates, modules and roots, whatever is found on disk.
    let flags: UInt32 = 0x01 | 0x02 | 0x04 | 0x08 | 0x10
    _ = unsafeBitCast(symbol, to: InitContext.self)("", "", "", "", nil, flags)
}
