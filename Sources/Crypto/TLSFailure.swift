import COpenSSL

/// Why a certificate was not accepted: an `X509_V_ERR_…` code and the text OpenSSL has for it.
package struct VerifyError: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: Int32

    package var description: String { String(cString: X509_verify_cert_error_string(Int(code))) }
}

/// An error of OpenSSL's queue: the packed code and the text OpenSSL has for it.
package struct OpenSSLError: Error, Hashable, Sendable, CustomStringConvertible {
    package let code: UInt

    package var description: String {
        guard let reason = ERR_reason_error_string(code) else { return "error \(code)" }
        return String(cString: reason)
    }

    /// Takes the oldest error out of this thread's queue and forgets the rest.
    static func take() -> OpenSSLError {
        let code = ERR_get_error()
        ERR_clear_error()
        return OpenSSLError(code: code)
    }
}

/// Why a TLS session ended before its time.
package enum TLSFailure: Error, Hashable, Sendable {
    case certificateUntrusted(VerifyError)
    case certificateExpired(VerifyError)
    case certificateWrongName(VerifyError)
    /// The certificate is good, but its key is none of the pinned ones.
    case keyNotPinned
    /// The peer sent an alert, or something that is not TLS.
    case protocolViolated(OpenSSLError)
    /// Something was to be written after the session had ended.
    case closed
}
