/// How long a session lasts without a refresh, and who of a request's two sides refreshes it (RFC 4028 §4).
package struct SessionExpires: Sendable, Hashable {
    package enum Refresher: String, Sendable { case uac, uas }

    /// In seconds, up to a day: more is believed of nobody.
    package var seconds: Int
    package var refresher: Refresher?

    package static let longest = 86_400

    package init(_ seconds: Int, refresher: Refresher? = nil) {
        self.seconds = seconds
        self.refresher = refresher
    }

    package init(parsing text: String) throws(Malformed) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        guard let first = parts.first, let seconds = UInt32(digits: first.trimmed) else {
            throw .value(.sessionExpires)
        }
        self.seconds = min(Int(seconds), Self.longest)
        for part in parts.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmed.lowercased() }
            if pair.count == 2, pair[0] == "refresher" { refresher = Refresher(rawValue: pair[1]) }
        }
    }
}

extension SessionExpires: CustomStringConvertible {
    package var description: String { "\(seconds)" + (refresher.map { ";refresher=\($0.rawValue)" } ?? "") }
}

extension Headers {
    var sessionExpires: SessionExpires? {
        self[.sessionExpires].flatMap { try? SessionExpires(parsing: $0) }
    }

    /// The shortest interval that whoever sent or forwarded this takes, in seconds (RFC 4028 §5).
    var minimumSessionInterval: Int? {
        let text = self[.minSE]?.split(separator: ";").first?.trimmed
        return text.flatMap { UInt32(digits: $0) }.map { min(Int($0), SessionExpires.longest) }
    }
}

extension HeaderName {
    package static let minSE: HeaderName = "Min-SE"
    package static let sessionExpires: HeaderName = "Session-Expires"
}
