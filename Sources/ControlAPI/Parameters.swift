import FoundationEssentials
import Wire

/// The members of a request's JSON object (RFC 8259), read leniently: a number serves where a string is meant.
struct Parameters {
    private let members: [String: JSON]

    init(_ body: Span<UInt8>) throws(Problem) {
        guard body.count > 0 else {
            members = [:]
            return
        }
        // The decoder would take UTF-16 and UTF-32 as well, RFC 8259 §8.1 does not.
        guard body.indices.allSatisfy({ body[$0] != 0 }) else { throw .malformedBody }
        let value: JSON
        do {
            value = try JSONDecoder().decode(JSON.self, from: Data([UInt8](body)))
        } catch {
            throw .malformedBody
        }
        guard case .object(let members) = value else { throw .malformedBody }
        self.members = members
    }

    subscript(name: String) -> JSON? { members[name] }

    /// Those that are a text or a number.
    var texts: [String: String] { members.compactMapValues(\.lenientString) }

    /// - Parameter alias: another name it may come under.
    func required(_ name: String, _ alias: String? = nil) throws(Problem) -> String {
        guard let value = members[name] ?? alias.flatMap({ members[$0] }), value != .null else {
            throw .missingParameter(name)
        }
        guard let text = value.lenientString, !text.isEmpty else { throw .invalidParameter(name) }
        return text
    }

    /// A whole number, or a string of its digits; nil when there is none.
    func number(_ name: String) throws(Problem) -> Int? {
        guard let value = members[name], value != .null else { return nil }
        guard let number = value.lenientString.flatMap({ Int($0) }) else { throw .invalidParameter(name) }
        return number
    }

    /// One that may be missing, but not be anything else.
    func text(_ name: String) throws(Problem) -> String? {
        guard let value = members[name], value != .null else { return nil }
        guard let text = value.lenientString else { throw .invalidParameter(name) }
        return text
    }

    func optional(_ name: String) -> String? {
        members[name]?.lenientString
    }
}
