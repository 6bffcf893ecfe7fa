import COpenSSL
import Wire

/// One end of a TLS connection: ciphertext in and out, plaintext in and out, and no socket.
///
/// After every call, and also when it threw, ``takeOutput()`` has what is to be sent.
package struct TLSSession: ~Copyable, Sendable {
    private let endpoint: SSLEndpoint
    private var plaintext: [UInt8] = []
    /// What was written before the handshake was over.
    private var waiting: [UInt8] = []
    private var failure: TLSFailure?
    private var isShutDown = false

    /// A client, whose first flight is there to be taken; the name is a host name or an IP address literal.
    ///
    /// The server's certificate must be for that name (RFC 9525 §6); a host name is also sent as SNI (RFC 6066 §3).
    package init(client context: TLSContext, serverName: String) {
        endpoint = SSLEndpoint(owning: SSL_new(context.pointer))
        SSL_set_connect_state(endpoint.ssl)
        // Before the names, which it would set in its own way.
        endpoint.pin(context.pins)
        let checks = SSL_get0_param(endpoint.ssl)
        X509_VERIFY_PARAM_set_hostflags(checks, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        let isNamed =
            if let address = IPAddress(serverName) {
                X509_VERIFY_PARAM_set1_ip_asc(checks, address.description) == 1
            } else {
                X509_VERIFY_PARAM_set1_host(checks, serverName, 0) == 1
                    && COpenSSL_setServerName(endpoint.ssl, serverName)
            }
        if isNamed && !serverName.isEmpty {
            _ = endpoint.handshake()
        } else {
            failure = .certificateWrongName(VerifyError(code: X509_V_ERR_HOSTNAME_MISMATCH))
        }
    }

    package init(server context: TLSContext) {
        endpoint = SSLEndpoint(owning: SSL_new(context.pointer))
        SSL_set_accept_state(endpoint.ssl)
    }

    /// Whether the handshake is over and the peer's certificate, if there must be one, has been accepted.
    package var isEstablished: Bool { failure == nil && endpoint.isHandshakeOver }

    /// Whether the peer said that it will send no more.
    package var isClosedByPeer: Bool { endpoint.hasCloseNotify }

    /// Takes in what came from the peer; once it threw, it throws the same for ever.
    package mutating func receive(_ ciphertext: Span<UInt8>) throws(TLSFailure) {
        if let failure { throw failure }
        endpoint.feed(ciphertext)
        if !endpoint.isHandshakeOver {
            guard try isComplete(endpoint.handshake()) else { return }
            let early = waiting
            waiting = []
            _ = try isComplete(endpoint.write(early.span))
        }
        while try isComplete(endpoint.read(into: &plaintext)) {}
    }

    /// The plaintext that has come in since the last call.
    package mutating func read() -> [UInt8] {
        defer { plaintext = [] }
        return plaintext
    }

    /// Encrypts, or keeps until the handshake is over.
    package mutating func write(_ plaintext: Span<UInt8>) throws(TLSFailure) {
        if let failure { throw failure }
        guard !isShutDown else { throw .closed }
        if endpoint.isHandshakeOver {
            _ = try isComplete(endpoint.write(plaintext))
        } else {
            plaintext.withUnsafeBufferPointer { waiting.append(contentsOf: $0) }
        }
    }

    /// The ciphertext to be sent, in order.
    package mutating func takeOutput() -> [UInt8] { endpoint.drain() }

    /// Says that nothing more will be written (close_notify).
    package mutating func shutdown() {
        isShutDown = true
        if failure == nil { endpoint.shutdown() }
    }

    private mutating func isComplete(_ outcome: SSLEndpoint.Outcome) throws(TLSFailure) -> Bool {
        switch outcome {
        case .done: return true
        case .wantsInput, .closedByPeer: return false
        case .failed(let error):
            let failure = TLSFailure(error, verdict: SSL_get_verify_result(endpoint.ssl))
            self.failure = failure
            throw failure
        }
    }
}

extension TLSFailure {
    fileprivate init(_ error: OpenSSLError, verdict: Int) {
        let verifyError = VerifyError(code: Int32(truncatingIfNeeded: verdict))
        switch verifyError.code {
        case X509_V_OK: self = .protocolViolated(error)
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .certificateWrongName(verifyError)
        case X509_V_ERR_DANE_NO_MATCH: self = .keyNotPinned
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID: self = .certificateExpired(verifyError)
        default: self = .certificateUntrusted(verifyError)
        }
    }
}
