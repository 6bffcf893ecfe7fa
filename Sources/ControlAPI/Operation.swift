import HTTPTypes

/// What can be asked of the control API, one operation per SDK call plus the daemon's own; `openapi.yaml` lists the same.
package enum Operation: String, CaseIterable, Sendable {
    case getUser
    case initialize = "init"
    case logout
    case call
    case answerPBXCall
    case terminate
    case checkLogin
    case checkSeatState
    case state
    case events

    package var method: HTTPRequest.Method {
        switch self {
        case .getUser, .initialize, .logout, .call, .answerPBXCall, .terminate: .post
        case .checkLogin, .checkSeatState, .state, .events: .get
        }
    }

    package var path: String { "/v1/\(rawValue)" }

    /// The operation a request line names; the query is not part of `path`.
    package init(method: HTTPRequest.Method, path: Substring) throws(Problem) {
        let prefix = "/v1/"
        guard path.hasPrefix(prefix), let operation = Operation(rawValue: String(path.dropFirst(prefix.count))) else {
            throw .noSuchResource
        }
        guard method == operation.method else { throw .methodNotAllowed(allow: operation.method.rawValue) }
        self = operation
    }
}
