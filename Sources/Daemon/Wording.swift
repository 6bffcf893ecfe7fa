import ControlAPI
import Crypto
import Engine
import Glibc
import HTTP
import Logging
import Network
import SIP
import Seat
import Wire

extension WebSocketClient.CloseReason {
    /// What subscribers and the log are told.
    var text: String {
        switch self {
        case .dnsFailed: "The gateway's name cannot be resolved."
        case .refused: "The gateway refuses connections."
        case .network(let error): "The network failed: \(error)."
        case .certificateRejected(let error): "The gateway's certificate is not accepted: \(error.description)."
        case .tlsFailed(.keyNotPinned): "The gateway's key is none of platform.pins."
        case .tlsFailed(.protocolViolated(let error)): "TLS failed: \(error)."
        case .tlsFailed(let failure): "TLS failed: \(failure)."
        case .tlsFileUnusable(.authoritiesUnreadable(let error)):
            "The file of certificate authorities cannot be used: \(error)."
        case .tlsFileUnusable(.certificateUnreadable(let error)):
            "The client certificate's file cannot be used: \(error)."
        case .tlsFileUnusable(.keyUnreadable(let error)): "The client certificate's key file cannot be used: \(error)."
        case .proxyFailed(.rejected(let status)): "The proxy answered HTTP \(status)."
        case .proxyFailed: "The proxy does not speak HTTP."
        case .handshakeRejected(let status): "The gateway answered HTTP \(status)."
        case .handshakeInvalid: "The gateway does not speak SIP over WebSocket."
        case .timedOut: "The gateway did not answer in time."
        case .dead: "The gateway fell silent."
        case .overflowed: "The connection to the gateway is too slow."
        case .closed(.abnormal): "The connection ended without notice."
        case .closed(let code): "The gateway closed the connection with \(code.rawValue)."
        }
    }
}

extension MediaFailure {
    /// What the log is told.
    var text: String {
        self == .noTransport ? "no address to send from, neither of this machine nor of a TURN server" : warning.text
    }
}

extension WebSocketClient.CloseReason {
    /// Whether the other side had a say in it: if not, it may be the network that is gone.
    var isAnswered: Bool {
        switch self {
        case .dnsFailed, .timedOut, .dead: false
        case .network(let error): [ECONNRESET, ECONNABORTED, EPIPE].contains(error.code)
        default: true
        }
    }
}

extension Logger {
    func log(_ diagnostic: Seat.Diagnostic) {
        switch diagnostic {
        case .userAgent(let diagnostic): debug("SIP", metadata: ["diagnostic": "\(diagnostic)"])
        case .registration(let state, let now): log(state, at: now)
        case .ignoredNotice: debug("a message of the platform says nothing known")
        case .messageRefused(let code, let status):
            warning(
                "message to the platform failed",
                metadata: ["code": "\(code.rawValue)", "status": "\(status.map(String.init) ?? "none")"])
        case .connecting(let gateway): info("connecting", metadata: ["gateway": "\(gateway)"])
        case .connectionFailed(let reason): warning("no connection to the platform", metadata: ["reason": "\(reason)"])
        case .automaticLoginFailed(let code, let pause):
            warning(
                "automatic login failed",
                metadata: [
                    "code": "\(code.map(String.init) ?? "none")", "retry": "\(pause.map { "in \($0)" } ?? "no")",
                ])
        case .reconnecting(let pause, let failures):
            info("reconnecting", metadata: ["after": "\(pause)", "failures": "\(failures)"])
        }
    }
}

extension Logger {
    /// One line for each step, with the reason of a failure and when it goes on.
    private func log(_ state: Registration.State, at now: Instant) {
        var metadata: Metadata = ["state": "\(state.name)"]
        guard case .failed(let failure, let until, let retry) = state else {
            return info("registration", metadata: metadata)
        }
        metadata["reason"] = "\(failure.name)"
        metadata["bound"] = until.map { "for \(Self.text($0 - now))" } ?? "no"
        metadata["retry"] = retry.map { "in \(Self.text($0 - now))" } ?? (failure.isFinal ? "no" : "reconnected")
        warning("registration", metadata: metadata)
    }

    private static func text(_ duration: Duration) -> String { "\(duration.components.seconds) s" }
}

extension Registration.State {
    fileprivate var name: String {
        switch self {
        case .unregistered: "unregistered"
        case .registering: "registering"
        case .registered: "registered"
        case .refreshing: "refreshing"
        case .unregistering: "unregistering"
        case .failed: "failed"
        }
    }
}

extension Registration.Failure {
    fileprivate var name: String {
        switch self {
        case .rejected(let status, _): "status \(status)"
        case .unlisted: "not listed"
        case .timedOut: "no answer"
        case .transport: "connection lost"
        }
    }
}
