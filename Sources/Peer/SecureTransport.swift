import Crypto
import SDP
import Wire

/// DTLS and the SRTP sessions keyed by it (RFC 5764), SRTP sessions with keys from the descriptions (RFC 4568), or neither.
struct SecureTransport: ~Copyable, Sendable {
    enum Event: Sendable, Equatable {
        case established(SRTPProfile?)
        case closedByPeer
        case failed(PeerConnection.Failure)
    }

    let encryption: MediaEncryption
    /// Nil without DTLS.
    let role: DTLSSession.Role?
    private(set) var profile: SRTPProfile?
    /// When ``handleTimeout(at:)`` is due.
    private(set) var deadline: Instant?
    private var dtls: DTLSSession?
    /// Those of the descriptions.
    private let keys: SRTPKeys?
    private var sending: SRTPSession?
    private var receiving: SRTPSession?
    private var isClosedByPeer = false
    /// When a handshake that has begun must be over: a server would wait for ever.
    private var patienceEndsAt: Instant?

    private static let patience = Duration.seconds(20)

    init(role: DTLSSession.Role, certificate: Certificate, peerFingerprints: [Fingerprint]) {
        (encryption, self.role, keys) = (.dtls, role, nil)
        dtls = DTLSSession(role: role, certificate: certificate, peerFingerprints: peerFingerprints)
    }

    /// Without keys, everything goes as it is.
    init(keys: SRTPKeys?) {
        (encryption, role, self.keys) = (keys == nil ? .plain : .sdes, nil, keys)
        dtls = nil
    }

    mutating func start(at now: Instant) -> Event? {
        guard encryption == .dtls else { return keys.map { install($0) } ?? .established(nil) }
        patienceEndsAt = now + Self.patience
        return advance(at: now) { dtls throws(DTLSSession.Failure) in try dtls?.start(at: now) }
    }

    mutating func receive(_ datagram: Span<UInt8>, at now: Instant) -> Event? {
        advance(at: now) { dtls throws(DTLSSession.Failure) in try dtls?.receive(datagram, at: now) }
    }

    mutating func handleTimeout(at now: Instant) -> Event? {
        if let patienceEndsAt, now >= patienceEndsAt { return .failed(.dtls) }
        return advance(at: now) { dtls throws(DTLSSession.Failure) in try dtls?.handleTimeout(at: now) }
    }

    mutating func takeDatagrams() -> [[UInt8]] { dtls?.takeDatagrams() ?? [] }

    mutating func close() { dtls?.close() }

    /// Protects the packet in the first `count` bytes and gives its new length; nil before there are keys.
    mutating func protectRTP(_ buffer: inout MutableSpan<UInt8>, count: Int) -> Int? {
        encryption == .plain ? count : try? sending?.protectRTP(&buffer, count: count)
    }

    mutating func protectRTCP(_ buffer: inout MutableSpan<UInt8>, count: Int) -> Int? {
        encryption == .plain ? count : try? sending?.protectRTCP(&buffer, count: count)
    }

    /// The length of the plain packet; nil before there are keys and for what is not authentic.
    mutating func unprotectRTP(_ datagram: inout MutableSpan<UInt8>) -> Int? {
        encryption == .plain ? datagram.count : try? receiving?.unprotectRTP(&datagram, count: datagram.count)
    }

    mutating func unprotectRTCP(_ datagram: inout MutableSpan<UInt8>) -> Int? {
        encryption == .plain ? datagram.count : try? receiving?.unprotectRTCP(&datagram, count: datagram.count)
    }

    private mutating func advance(
        at now: Instant, _ step: (inout DTLSSession?) throws(DTLSSession.Failure) -> Void
    ) -> Event? {
        do {
            try step(&dtls)
        } catch {
            deadline = nil
            return .failed(PeerConnection.Failure(error))
        }
        let standing = dtls.standing
        deadline = earliest(standing.deadline, patienceEndsAt)
        if profile == nil, let keys = standing.keys { return install(keys) }
        guard standing.isClosedByPeer, !isClosedByPeer else { return nil }
        isClosedByPeer = true
        return .closedByPeer
    }

    private mutating func install(_ keys: SRTPKeys) -> Event {
        do {
            sending = try SRTPSession(.sending, keys: keys)
            receiving = try SRTPSession(.receiving, keys: keys)
        } catch {
            return .failed(.noSRTPProfile)
        }
        profile = keys.profile
        patienceEndsAt = nil
        deadline = nil
        return .established(keys.profile)
    }
}

extension DTLSSession? {
    fileprivate var standing: (keys: SRTPKeys?, deadline: Instant?, isClosedByPeer: Bool) {
        switch self {
        case .some(let session): (session.keys, session.deadline, session.isClosedByPeer)
        case .none: (nil, nil, false)
        }
    }
}

extension PeerConnection.Failure {
    fileprivate init(_ failure: DTLSSession.Failure) {
        switch failure {
        case .fingerprintMismatch: self = .fingerprintMismatch
        case .noProtectionProfile: self = .noSRTPProfile
        case .timedOut, .protocolViolated: self = .dtls
        }
    }
}

/// What can be read of a transport that may not be there yet; optional chaining would take it away.
extension SecureTransport? {
    var isThere: Bool { encryption != nil }

    var encryption: MediaEncryption? {
        switch self {
        case .some(let transport): transport.encryption
        case .none: nil
        }
    }

    var role: DTLSSession.Role? {
        switch self {
        case .some(let transport): transport.role
        case .none: nil
        }
    }

    var profile: SRTPProfile? {
        switch self {
        case .some(let transport): transport.profile
        case .none: nil
        }
    }

    var deadline: Instant? {
        switch self {
        case .some(let transport): transport.deadline
        case .none: nil
        }
    }
}
