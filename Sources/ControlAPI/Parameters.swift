import Wire

/// The members of a request's JSON object (RFC 8259), read leniently: a number serves where a string is meant.
///
/// A text is one line of 256 bytes at most, unless something else is said.
struct Parameters {
    private static let longestText = 256

    private let members: [String: JSON]

    init(_ body: Span<UInt8>) throws(Problem) {
        guard body.count > 0 else {
            members = [:]
            return
        }
        guard let members = try? JSON(parsing: [UInt8](body)).object else { throw .malformedBody }
        self.members = members
    }

    subscript(name: String) -> JSON? { members[name] }

    /// Those that are a text or a number.
    func texts() throws(Problem) -> [String: String] {
        var texts: [String: String] = [:]
        for (name, value) in members where value.lenientString != nil { texts[name] = try text(name) }
        return texts
    }

    /// - Parameter alias: another name it may come under.
    func required(_ name: String, _ alias: String? = nil) throws(Problem) -> String {
        var value = try text(name)
        if value == nil, let alias { value = try text(alias) }
        guard let value else { throw .missingParameter(name) }
        guard !value.isEmpty else { throw .invalidParameter(name) }
        return value
    }

    /// A whole number, or a string of its digits; nil when there is none.
    func number(_ name: String) throws(Problem) -> Int? {
        guard let text = try text(name) else { return nil }
        guard let number = Int(text) else { throw .invalidParameter(name) }
        return number
    }

    /// One that may be missing, but not be anything else.
    func text(_ name: String, upTo limit: Int = longestText) throws(Problem) -> String? {
        guard let value = members[name], value != .null else { return nil }
        guard let text = value.lenientString, text.utf8.count <= limit, !text.utf8.contains(where: { $0 < 0x20 }) else {
            throw .invalidParameter(name)
        }
        return text
    }
}
