/// The dialog that an INVITE takes the place of, as the one who receives it knows it (RFC 3891 §3, §6.1).
package struct Replaces: Sendable, Hashable {
    package var callID: String
    /// The tag of the side that receives the INVITE.
    package var toTag: String
    package var fromTag: String
    /// A call that has been answered is not to be replaced.
    package var isEarlyOnly = false

    package init(callID: String, toTag: String, fromTag: String, isEarlyOnly: Bool = false) {
        self.callID = callID
        self.toTag = toTag
        self.fromTag = fromTag
        self.isEarlyOnly = isEarlyOnly
    }

    package init(parsing text: String) throws(Malformed) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false).map(\.trimmed)
        var tags: [String: String] = [:]
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map(\.trimmed)
            switch (pair.first?.lowercased(), pair.dropFirst().first) {
            case ("early-only", nil): isEarlyOnly = true
            case (let name?, let value?) where tags[name] == nil: tags[name] = value
            default: throw .value(.replaces)
            }
        }
        guard let callID = parts.first, !callID.isEmpty, !callID.contains(","), let toTag = tags["to-tag"],
            let fromTag = tags["from-tag"]
        else { throw .value(.replaces) }
        (self.callID, self.toTag, self.fromTag) = (callID, toTag, fromTag)
    }
}

extension Replaces: CustomStringConvertible {
    package var description: String {
        "\(callID);to-tag=\(toTag);from-tag=\(fromTag)" + (isEarlyOnly ? ";early-only" : "")
    }
}

extension HeaderName { package static let replaces: HeaderName = "Replaces" }
