import HTTPTypes
import Wire

/// The members of a request's JSON object, each of which may be left out, and none of another kind.
struct ScenarioBody {
    private let members: [String: JSON]

    init(_ body: [UInt8], allowed: [String]) throws(ScenarioProblem) {
        guard let members = (try? JSON(parsing: body))?.object else {
            throw ScenarioProblem(.badRequest, "the body is no JSON object")
        }
        if let unknown = members.keys.sorted().first(where: { !allowed.contains($0) }) { throw .unusable(unknown) }
        self.members = members
    }

    subscript(name: String) -> JSON? { members[name] }

    func text(_ name: String) throws(ScenarioProblem) -> String? {
        try value(name, \.lenientString)
    }

    func truth(_ name: String) throws(ScenarioProblem) -> Bool? {
        try value(name, \.bool)
    }

    func count(_ name: String, _ range: ClosedRange<Int64>) throws(ScenarioProblem) -> Int? {
        guard let number = try value(name, \.lenientInteger) else { return nil }
        guard range.contains(number) else { throw .unusable(name) }
        return Int(number)
    }

    /// A count that `null` takes away and that stays when it is left out.
    func limit(_ name: String, _ range: ClosedRange<Int64>, else current: Int?) throws(ScenarioProblem) -> Int? {
        members[name] == .null ? nil : try count(name, range) ?? current
    }

    /// Seconds, up to a day.
    func duration(_ name: String) throws(ScenarioProblem) -> Duration? {
        guard let seconds = try value(name, \.seconds) else { return nil }
        guard 0...86_400 ~= seconds else { throw .unusable(name) }
        return .milliseconds(Int64(seconds * 1000))
    }

    private func value<Value>(_ name: String, _ read: (JSON) -> Value?) throws(ScenarioProblem) -> Value? {
        guard let member = members[name] else { return nil }
        guard let value = read(member) else { throw .unusable(name) }
        return value
    }
}

extension JSON {
    fileprivate var seconds: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .null, .bool, .string, .array, .object: nil
        }
    }
}
