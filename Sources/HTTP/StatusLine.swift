import Wire

/// The first line of an answer (RFC 9112 §4).
enum StatusLine {
    /// The status of `HTTP/1.x NNN reason`, nil if the line is anything else.
    static func status(_ line: Span<UInt8>) -> Int? {
        let text = String(line)
        let digits = text.dropFirst(9).prefix(3)
        guard text.hasPrefix("HTTP/1.1 ") || text.hasPrefix("HTTP/1.0 "), digits.utf8.count == 3,
            let status = Int(digits), (100...999).contains(status)
        else { return nil }
        let reason = text.dropFirst(12)
        return reason.isEmpty || reason.hasPrefix(" ") ? status : nil
    }
}
