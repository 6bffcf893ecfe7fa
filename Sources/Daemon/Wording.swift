import ControlAPI
import Crypto
import HTTP
import Logging
import Network
import SIP
import Seat

extension WebSocketClient.CloseReason {
    /// What subscribers and the log are told.
    var text: String {
        switch self {
        case .dnsFailed: "The gateway's name cannot be resolved."
        case .refused: "The gateway refuses connections."
        case .network(let error): "The network failed: \(error)."
        case .certificateRejected(let error): "The gateway's certificate is not accepted: \(error.description)."
        case .tlsFailed(let failure): "TLS failed: \(failure)."
        case .trustUnreadable: "The file of certificate authorities cannot be used."
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

extension Logger {
    func log(_ diagnostic: Seat.Diagnostic) {
        switch diagnostic {
        case .userAgent(let diagnostic): debug("SIP", metadata: ["diagnostic": "\(diagnostic)"])
        case .registration(let state): info("registration", metadata: ["state": "\(state.name)"])
        case .ignoredNotice: debug("a message of the platform says nothing known")
        case .messageRefused(let code, let status):
            warning(
                "message to the platform failed",
                metadata: ["code": "\(code.rawValue)", "status": "\(status.map(String.init) ?? "none")"])
        case .reconnecting(let pause, let failures):
            info("reconnecting", metadata: ["after": "\(pause)", "failures": "\(failures)"])
        }
    }
}

extension Registration.State {
    fileprivate var name: String {
        switch self {
        case .unregistered: "unregistered"
        case .registering: "registering"
        case .registered: "registered"
        case .refreshing: "refreshing"
        case .unregistering: "unregistering"
        case .failed(.rejected(let status, _)): "failed with \(status)"
        case .failed(.timedOut): "failed: no answer"
        case .failed(.transport): "failed: connection lost"
        }
    }
}
