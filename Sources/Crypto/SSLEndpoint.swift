import COpenSSL
import Wire

/// Owns an `SSL` and the two memory BIOs it reads from and writes to.
struct SSLEndpoint: ~Copyable, @unchecked Sendable {
    enum Outcome { case done, wantsInput, closedByPeer, failed(OpenSSLError) }

    let ssl: OpaquePointer
    private let incoming: OpaquePointer
    private let outgoing: OpaquePointer

    /// Takes over an `SSL` that has no BIOs yet.
    init(owning ssl: OpaquePointer?) {
        guard let ssl, let incoming = COpenSSL_makeMemoryBIO(), let outgoing = COpenSSL_makeMemoryBIO() else {
            preconditionFailure("libssl has no memory")
        }
        self.ssl = ssl
        self.incoming = incoming
        self.outgoing = outgoing
        SSL_set_bio(ssl, incoming, outgoing)
    }

    deinit {
        SSL_free(ssl)
    }

    var isHandshakeOver: Bool { SSL_is_init_finished(ssl) == 1 }

    var hasCloseNotify: Bool { SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 }

    /// Has the handshake insist that the peer's key is one of these, if there are any.
    ///
    /// In the words of RFC 6698 §2.1: certificate usage 1 (the end entity, on top of its chain), selector 1 (the
    /// SubjectPublicKeyInfo), matching type 1 (SHA-256).
    func pin(_ pins: [PublicKeyPin]) {
        guard !pins.isEmpty else { return }
        let isPinned =
            SSL_dane_enable(ssl, nil) > 0 && pins.allSatisfy { SSL_dane_tlsa_add(ssl, 1, 1, 1, $0.digest, 32) > 0 }
        precondition(isPinned, "libssl knows RFC 6698")
    }

    func feed(_ bytes: Span<UInt8>) {
        var rest = bytes
        while !rest.isEmpty {
            let chunk = rest.extracting(first: Int(Int32.max))
            let taken = chunk.withUnsafeBytes { BIO_write(incoming, $0.baseAddress, Int32($0.count)) }
            precondition(taken > 0, "libcrypto has no memory")
            rest = rest.extracting(droppingFirst: Int(taken))
        }
    }

    /// Takes everything that is to be sent.
    func drain() -> [UInt8] {
        let count = BIO_ctrl_pending(outgoing)
        guard count > 0 else { return [] }
        return [UInt8](unsafeUninitializedCapacity: count) { output, taken in
            taken = max(0, Int(BIO_read(outgoing, output.baseAddress, Int32(clamping: count))))
        }
    }

    func handshake() -> Outcome {
        ERR_clear_error()
        return outcome(of: SSL_do_handshake(ssl))
    }

    /// Appends one piece of plaintext.
    func read(into plaintext: inout [UInt8]) -> Outcome {
        ERR_clear_error()
        var result: Int32 = 0
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 16_384) { piece in
            result = SSL_read(ssl, piece.baseAddress, Int32(piece.count))
            if result > 0 { plaintext.append(contentsOf: piece.prefix(Int(result))) }
        }
        return outcome(of: result)
    }

    /// Encrypts all of it; a memory BIO always has room.
    func write(_ plaintext: Span<UInt8>) -> Outcome {
        guard !plaintext.isEmpty else { return .done }
        ERR_clear_error()
        var written = 0
        return outcome(of: plaintext.withUnsafeBytes { SSL_write_ex(ssl, $0.baseAddress, $0.count, &written) })
    }

    /// Sends close_notify, once.
    func shutdown() {
        guard SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN == 0, isHandshakeOver else { return }
        ERR_clear_error()
        SSL_shutdown(ssl)
        ERR_clear_error()
    }

    private func outcome(of result: Int32) -> Outcome {
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_NONE: .done
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: .wantsInput
        case SSL_ERROR_ZERO_RETURN: .closedByPeer
        default: .failed(.take())
        }
    }
}
