import HTTPTypes

/// What can be asked of the scenario API; `openapi.yaml` beside this lists the same.
package enum ScenarioOperation: String, CaseIterable, Sendable {
    case state
    case contract
    case callSeat
    case hangUp
    case press
    case setCustomer
    case forgetCustomer
    case setSeat
    case kickSeat
    case setEnterprise
    case setOutage
    case drop
    case restart

    package var method: HTTPRequest.Method {
        switch self {
        case .state, .contract: .get
        case .callSeat, .hangUp, .press, .kickSeat, .setOutage, .drop, .restart: .post
        case .setCustomer, .setSeat, .setEnterprise: .put
        case .forgetCustomer: .delete
        }
    }

    /// A part of it may be a parameter, written `{name}`.
    package var path: String {
        switch self {
        case .state: "/sim/state"
        case .contract: "/sim/openapi.yaml"
        case .callSeat: "/sim/customers/{number}/calls"
        case .hangUp: "/sim/customers/{number}/hangup"
        case .press: "/sim/customers/{number}/press"
        case .setCustomer, .forgetCustomer: "/sim/customers/{number}"
        case .setSeat: "/sim/seats/{extension}"
        case .kickSeat: "/sim/seats/{extension}/kick"
        case .setEnterprise: "/sim/enterprise"
        case .setOutage: "/sim/outage"
        case .drop: "/sim/drop"
        case .restart: "/sim/restart"
        }
    }

    /// Whether the parameter of a path is one: a customer's number, or an extension.
    func accepts(_ parameter: String) -> Bool {
        let digits = "0123456789"
        switch self {
        case .callSeat, .hangUp, .press, .setCustomer, .forgetCustomer:
            return 1...32 ~= parameter.utf8.count && parameter.allSatisfy { (digits + "*#").contains($0) }
        case .setSeat, .kickSeat: return 1...16 ~= parameter.utf8.count && parameter.allSatisfy { digits.contains($0) }
        case .state, .contract, .setEnterprise, .setOutage, .drop, .restart: return true
        }
    }

    /// The operation at a path, and its parameter.
    static func find(
        _ method: HTTPRequest.Method, _ path: String
    ) throws(ScenarioProblem) -> (operation: ScenarioOperation, parameter: String) {
        let there = allCases.compactMap { operation in
            parameter(of: path, in: operation.path).map { (operation: operation, parameter: $0) }
        }
        guard !there.isEmpty else { throw ScenarioProblem(.notFound, "no such resource") }
        guard let found = there.first(where: { $0.operation.method == method }) else {
            throw ScenarioProblem(
                .methodNotAllowed, "another method is needed",
                allow: there.map(\.operation.method.rawValue).sorted().joined(separator: ", "))
        }
        return found
    }

    /// What stands at the template's parameter, empty if it has none; nil if the path is another one.
    private static func parameter(of path: String, in template: String) -> String? {
        let (parts, places) = (path.split(separator: "/"), template.split(separator: "/"))
        guard parts.count == places.count else { return nil }
        var parameter = ""
        for (part, place) in zip(parts, places) {
            if place.hasPrefix("{") { parameter = String(part) } else if part != place { return nil }
        }
        return parameter
    }
}

/// What a client is told when a scenario cannot be played (RFC 9457).
package struct ScenarioProblem: Error, Sendable, Equatable {
    package let status: HTTPResponse.Status
    package let title: String
    /// The methods a 405 allows.
    let allow: String?

    init(_ status: HTTPResponse.Status, _ title: String, allow: String? = nil) {
        self.status = status
        self.title = title
        self.allow = allow
    }
}
