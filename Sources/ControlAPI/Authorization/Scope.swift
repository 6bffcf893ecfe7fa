/// What a token may be used for; an operation needs one of them, `admin` stands for all.
package enum Scope: String, CaseIterable, Sendable {
    /// To see: state, calls, events.
    case read
    /// To act on the agent's own seat and calls.
    case call
    /// To listen in on other agents and to break into their calls.
    case monitor
    /// Everything, tokens included.
    case admin
}

extension Set<Scope> {
    package func allows(_ scope: Scope) -> Bool {
        contains(scope) || contains(.admin)
    }

    /// Scopes separated by commas or spaces; nil when one is unknown or there is none.
    package init?(list text: String) {
        let names = text.split { $0 == "," || $0 == " " }
        let scopes = names.compactMap { Scope(rawValue: String($0)) }
        guard scopes.count == names.count, !scopes.isEmpty else { return nil }
        self.init(scopes)
    }

    /// The names in the order of their declaration.
    package var names: [String] {
        Scope.allCases.filter(contains).map(\.rawValue)
    }
}
