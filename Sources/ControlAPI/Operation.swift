import HTTPTypes

/// What can be asked of the control API, one operation per SDK call plus the daemon's own; `openapi.yaml` lists the same.
package enum Operation: String, CaseIterable, Sendable {
    case getUser
    case getUser2
    case initialize = "init"
    case logout
    case call
    case answerPBXCall
    case terminate
    case hold
    case unhold
    case transferPBXCall
    case mute
    case unmute
    case startRecording
    case stopRecording
    case sendDTMF
    case callQuality
    case changeStaus
    /// `changeStaus` as it is meant to be spelt.
    case changeStatus
    case setSeatMode
    case setAfterCallStatus
    case cancelAfterCallStatus
    case webApiHandler
    case startCallMonitor
    case stopCallMonitor
    case joinFromMonitor
    case exitJoinMonitor
    case endCallMonitor
    case terminateCall
    case checkMonitorState
    case checkLogin
    case checkSeatState
    case state
    case calls
    case callState
    case events
    case audio
    case changeAudio
    case createToken
    case tokens
    case revokeToken
    case sipTrace
    case healthz
    case readyz
    case contract

    package var method: HTTPRequest.Method {
        switch self {
        case .getUser, .getUser2, .initialize, .logout, .call, .answerPBXCall, .terminate, .hold, .unhold,
            .transferPBXCall, .mute, .unmute, .startRecording, .stopRecording, .sendDTMF, .callQuality, .changeStaus,
            .changeStatus, .setSeatMode, .setAfterCallStatus,
            .cancelAfterCallStatus, .webApiHandler, .createToken,
            .startCallMonitor, .stopCallMonitor, .joinFromMonitor, .exitJoinMonitor, .endCallMonitor, .terminateCall:
            .post
        case .checkMonitorState, .checkLogin, .checkSeatState, .state, .calls, .callState, .events, .audio, .tokens,
            .sipTrace, .healthz, .readyz, .contract:
            .get
        case .changeAudio: .patch
        case .revokeToken: .delete
        }
    }

    /// What follows the last slash may be a parameter, written `{name}`.
    package var path: String {
        switch self {
        case .createToken, .tokens: "/v1/tokens"
        case .revokeToken: "/v1/tokens/{id}"
        case .audio, .changeAudio: "/v1/audio"
        case .callState: "/v1/calls/{id}"
        case .sipTrace: "/v1/diagnostics/sip"
        case .healthz: "/healthz"
        case .readyz: "/readyz"
        case .contract: "/openapi.yaml"
        case .webApiHandler: "/v1/webApiHandler/{functionName}"
        case .getUser, .getUser2, .initialize, .logout, .call, .answerPBXCall, .terminate, .hold, .unhold,
            .transferPBXCall, .mute, .unmute, .startRecording, .stopRecording, .sendDTMF, .callQuality, .changeStaus,
            .changeStatus, .setSeatMode, .setAfterCallStatus,
            .cancelAfterCallStatus, .checkLogin, .checkSeatState, .state, .calls, .events,
            .startCallMonitor, .stopCallMonitor, .joinFromMonitor, .exitJoinMonitor, .endCallMonitor, .terminateCall,
            .checkMonitorState:
            "/v1/\(rawValue)"
        }
    }

    /// Whether it is there for each seat, as `/v1/seats/{seat}/…`.
    package var isOfSeat: Bool {
        switch self {
        case .getUser, .getUser2, .initialize, .logout, .call, .answerPBXCall, .terminate, .hold, .unhold,
            .transferPBXCall, .mute, .unmute, .startRecording, .stopRecording, .sendDTMF, .callQuality, .changeStaus,
            .changeStatus, .setSeatMode, .setAfterCallStatus,
            .cancelAfterCallStatus, .webApiHandler, .checkLogin, .checkSeatState, .state, .calls, .callState, .events,
            .sipTrace,
            .startCallMonitor, .stopCallMonitor, .joinFromMonitor, .exitJoinMonitor, .endCallMonitor, .terminateCall,
            .checkMonitorState:
            true
        case .audio, .changeAudio, .createToken, .tokens, .revokeToken, .healthz, .readyz, .contract: false
        }
    }

    /// The scope a token needs for it, nil for what everybody may ask.
    package var scope: Scope? {
        switch self {
        case .checkLogin, .checkSeatState, .checkMonitorState, .state, .calls, .callState, .events, .audio: .read
        case .getUser, .getUser2, .initialize, .logout, .call, .answerPBXCall, .terminate, .hold, .unhold,
            .transferPBXCall, .mute, .unmute, .startRecording, .stopRecording, .sendDTMF, .callQuality, .changeStaus,
            .changeStatus, .setSeatMode, .setAfterCallStatus,
            .cancelAfterCallStatus, .webApiHandler, .changeAudio:
            .call
        case .startCallMonitor, .stopCallMonitor, .joinFromMonitor, .exitJoinMonitor, .endCallMonitor, .terminateCall:
            .monitor
        case .createToken, .tokens, .revokeToken, .sipTrace: .admin
        case .healthz, .readyz, .contract: nil
        }
    }
}

/// What a request line asks for: an operation, of the seat the path names, with the parameter of its path; or which methods a
/// path takes.
package enum Route: Sendable, Equatable {
    case operation(Operation, seat: SeatName?, parameter: String?)
    /// An `OPTIONS` request, answered by the value of `Allow`.
    case options(allow: String)

    private static let seats = "/v1/seats/"
    private static let table = Dictionary(grouping: Operation.allCases, by: \.path)
    /// By what stands before their parameter.
    private static let templates = Dictionary(grouping: Operation.allCases.filter { $0.path.contains("{") }) {
        String($0.path.prefix { $0 != "{" })
    }

    /// The query is not part of `path`; HEAD is answered wherever GET is (RFC 9110 §9.3.2).
    package init(method: HTTPRequest.Method, path: Substring) throws(Problem) {
        if method == .options, path == "*" {
            self = .options(allow: "GET, HEAD, POST, PATCH, DELETE, OPTIONS")
            return
        }
        let (seat, path) = try Self.seat(in: path)
        var (operations, parameter) = try Self.operations(at: path)
        if seat != nil { operations.removeAll { !$0.isOfSeat } }
        guard !operations.isEmpty else { throw .noSuchResource }
        let wanted = method == .head ? .get : method
        if let operation = operations.first(where: { $0.method == wanted }) {
            self = .operation(operation, seat: seat, parameter: parameter)
        } else if method == .options {
            self = .options(allow: Self.allow(operations))
        } else {
            throw .methodNotAllowed(allow: Self.allow(operations))
        }
    }

    /// The seat a path names, and the path of the same thing without it.
    private static func seat(in path: Substring) throws(Problem) -> (SeatName?, Substring) {
        guard path.hasPrefix(seats) else { return (nil, path) }
        let rest = path.dropFirst(seats.count)
        guard let slash = rest.firstIndex(of: "/"), let seat = SeatName(rest[..<slash]) else { throw .noSuchResource }
        return (seat, "/v1" + rest[slash...])
    }

    private static func operations(at path: Substring) throws(Problem) -> ([Operation], parameter: String?) {
        if !path.contains("{"), let operations = table[String(path)] { return (operations, nil) }
        if let slash = path.lastIndex(of: "/") {
            let parameter = path[path.index(after: slash)...]
            if !parameter.isEmpty, let operations = templates[String(path[...slash])] {
                return (operations, String(parameter))
            }
        }
        throw .noSuchResource
    }

    private static func allow(_ operations: [Operation]) -> String {
        let methods = operations.map(\.method)
        let all = methods + (methods.contains(.get) ? [.head] : []) + [.options]
        return all.map(\.rawValue).sorted().joined(separator: ", ")
    }
}
