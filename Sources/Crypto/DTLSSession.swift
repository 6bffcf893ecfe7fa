import COpenSSL
import Wire

/// One end of a DTLS 1.2 association that agrees on keys for SRTP (RFC 5764): datagrams in and out, and no socket.
///
/// After every call, and also when it threw, ``takeDatagrams()`` has what is to be sent, and ``deadline`` is new.
package struct DTLSSession: ~Copyable, Sendable {
    package enum Role: Hashable, Sendable { case client, server }

    package enum Failure: Error, Hashable, Sendable {
        /// The peer's certificate is not the one its SDP names (RFC 8122 §6.2).
        case fingerprintMismatch
        /// The peers have no SRTP protection profile in common.
        case noProtectionProfile
        /// Retransmission was given up.
        case timedOut
        /// The peer sent an alert, or something that is not DTLS.
        case protocolViolated(OpenSSLError)
    }

    /// What fits every path without fragmentation, tunnels included.
    package static let maximumDatagramLength = 1_200

    private let endpoint: SSLEndpoint
    private let role: Role
    private let peerFingerprints: [Fingerprint]
    private var failure: Failure?
    private var outgoing: [[UInt8]] = []
    private var retransmission = Retransmission()

    /// The SRTP keys, once the handshake is over and the peer's certificate has been accepted.
    package private(set) var keys: SRTPKeys?

    /// The peer must show a certificate that one of the fingerprints fits.
    package init(role: Role, certificate: Certificate, peerFingerprints: [Fingerprint]) {
        self.role = role
        self.peerFingerprints = peerFingerprints
        let context = COpenSSL_makeDTLSContext(certificate.x509, certificate.key, SRTPProfile.offer)
        precondition(context != nil, "libssl takes our own certificate")
        defer { SSL_CTX_free(context) }
        endpoint = SSLEndpoint(owning: COpenSSL_makeDTLSSession(context, Self.maximumDatagramLength))
        switch role {
        case .client: SSL_set_connect_state(endpoint.ssl)
        case .server: SSL_set_accept_state(endpoint.ssl)
        }
    }

    /// Starts the handshake: a client's first flight is there to be taken.
    package mutating func start(at now: Instant) throws(Failure) {
        try advance(at: now)
    }

    /// Takes in a datagram; once it threw, it throws the same for ever.
    ///
    /// A client drops a ClientHello: the peer sent it before it knew the roles.
    package mutating func receive(_ datagram: Span<UInt8>, at now: Instant) throws(Failure) {
        if let failure { throw failure }
        guard role == .server || !datagram.startsWithClientHello else { return }
        endpoint.feed(datagram)
        try advance(at: now)
    }

    /// The datagrams to be sent, none longer than ``maximumDatagramLength``.
    package mutating func takeDatagrams() -> [[UInt8]] { exchange(&outgoing, with: []) }

    /// When to call ``handleTimeout(at:)`` if nothing comes in before; nil when nothing waits for an answer.
    ///
    /// A flight is sent again after 100 ms, then after twice as long each time, 2 s at most: RFC 6347 §4.2.4.1 suggests
    /// one second at first, but a call should not wait that long for one lost datagram.
    package var deadline: Instant? { failure == nil ? retransmission.deadline : nil }

    /// Sends the last flight again if its time is up.
    package mutating func handleTimeout(at now: Instant) throws(Failure) {
        guard let deadline, deadline <= now else { return }
        guard let copy = retransmission.next(at: now) else { try fail(.timedOut) }
        outgoing += Self.datagrams(of: copy)
    }

    /// Takes what OpenSSL has to say: at once, or when no answer comes.
    private mutating func collect(at now: Instant) {
        var flight = COpenSSL_takeFlight(endpoint.ssl)
        let output = endpoint.drain()
        let starts = withUnsafeBytes(of: &flight.starts) { Array($0.bindMemory(to: Int.self)) }
            .prefix(Int(flight.count))
        if let first = starts.dropFirst().first {
            let ends = starts.dropFirst(2) + [output.count]
            let copies = zip(starts.dropFirst(), ends).map { [UInt8](output[$0..<max($0, $1)]) }
            retransmission = Retransmission(copies, from: now)
            outgoing += Self.datagrams(of: [UInt8](output[..<first]))
        } else {
            outgoing += Self.datagrams(of: output)
        }
        if !COpenSSL_isDTLSFlightPending(endpoint.ssl) { retransmission = Retransmission() }
    }

    /// OpenSSL joins the records of a flight; here they are split again, as many to a datagram as fit (RFC 6347 §4.1.1).
    private static func datagrams(of flight: [UInt8]) -> [[UInt8]] {
        var datagrams: [[UInt8]] = []
        var start = 0
        var end = 0
        while let next = endOfRecord(at: end, in: flight) {
            if next - start > maximumDatagramLength, end > start {
                datagrams.append([UInt8](flight[start..<end]))
                start = end
            }
            end = next
        }
        if end > start { datagrams.append([UInt8](flight[start..<end])) }
        return datagrams
    }

    private static func endOfRecord(at start: Int, in flight: [UInt8]) -> Int? {
        let headerLength = 13
        guard flight.count - start >= headerLength else { return nil }
        let length = Int(flight[start + 11]) << 8 | Int(flight[start + 12])
        return min(start + headerLength + length, flight.count)
    }

    /// Whether the peer said goodbye with close_notify.
    package var isClosedByPeer: Bool { endpoint.hasCloseNotify }

    /// Says goodbye (close_notify).
    package mutating func close() {
        guard failure == nil else { return }
        endpoint.shutdown()
        outgoing += Self.datagrams(of: endpoint.drain())
    }

    private mutating func advance(at now: Instant) throws(Failure) {
        defer { collect(at: now) }
        if keys == nil {
            guard try isComplete(endpoint.handshake()) else { return }
            try accept()
        }
        var ignored: [UInt8] = []
        while try isComplete(endpoint.read(into: &ignored)) {}
    }

    /// Checks the peer's certificate before any key is given out.
    private mutating func accept() throws(Failure) {
        let x509 = SSL_get1_peer_certificate(endpoint.ssl)
        defer { X509_free(x509) }
        guard let x509, Fingerprint.anyOf(peerFingerprints, fits: x509) else {
            endpoint.shutdown()
            try fail(.fingerprintMismatch)
        }
        keys = SRTPKeys(exportedFrom: endpoint.ssl, isClient: role == .client)
        if keys == nil {
            endpoint.shutdown()
            try fail(.noProtectionProfile)
        }
    }

    private mutating func isComplete(_ outcome: SSLEndpoint.Outcome) throws(Failure) -> Bool {
        switch outcome {
        case .done: return true
        case .wantsInput, .closedByPeer: return false
        case .failed(let error): try fail(.protocolViolated(error))
        }
    }

    private mutating func fail(_ failure: Failure) throws(Failure) -> Never {
        self.failure = failure
        keys = nil
        throw failure
    }
}

/// The copies of a flight that may have to be sent again, and when.
private struct Retransmission: Sendable {
    private static let first = Duration.milliseconds(100)
    private static let longest = Duration.seconds(2)

    private(set) var deadline: Instant?
    private var copies: ArraySlice<[UInt8]> = []
    private var interval = first

    init() {}

    init(_ copies: [[UInt8]], from now: Instant) {
        self.copies = copies[...]
        deadline = now + interval
    }

    /// Nil when it has been tried often enough.
    mutating func next(at now: Instant) -> [UInt8]? {
        guard let copy = copies.popFirst() else { return nil }
        interval = min(interval * 2, Self.longest)
        deadline = now + interval
        return copy
    }
}

extension Span<UInt8> {
    /// Whether the first record of a datagram is a handshake message in the clear of the type ClientHello.
    fileprivate var startsWithClientHello: Bool {
        count > 13 && self[0] == 22 && self[3] == 0 && self[4] == 0 && self[13] == 1
    }
}
