import HTTPTypes

/// What `GET /v1/diagnostics/sip` is asked for.
package struct TraceQuery: Sendable, Equatable {
    package enum Format: String, CaseIterable, Sendable {
        /// Message for message, as it went over the wire.
        case text
        /// What a ladder diagram is drawn from.
        case json
        /// A capture file for Wireshark.
        case pcap

        package var mediaType: String {
            switch self {
            case .text: "text/plain; charset=utf-8"
            case .json: "application/json"
            case .pcap: "application/vnd.tcpdump.pcap"
            }
        }
    }

    package let format: Format
    /// Only messages behind this number.
    package let after: UInt64
    /// Only messages of this call.
    package let callID: String?

    /// - Parameters:
    ///   - format: names the format; `accept` decides when it is nil.
    ///   - accept: the value of `Accept` (RFC 9110 §12.5.1).
    package init(format: String?, after: String?, callID: String?, accept: String?) throws(Problem) {
        if let format {
            guard let known = Format(rawValue: format) else { throw .invalidParameter("format") }
            self.format = known
        } else {
            guard let accepted = Self.format(accepted: accept) else { throw .notAcceptable }
            self.format = accepted
        }
        let digits = after ?? "0"
        guard digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int64(digits) else {
            throw .invalidParameter("after")
        }
        self.after = UInt64(number)
        self.callID = callID
    }

    /// The first range that fits, in the order they are named; weights are not looked at.
    private static func format(accepted: String?) -> Format? {
        guard let accepted else { return .text }
        for range in accepted.lowercased().split(separator: ",") {
            let range = String(range.prefix { $0 != ";" }.filter { $0 != " " })
            if range == "*/*" || range == "text/*" { return .text }
            if range == "application/*" { return .json }
            if let format = Format.allCases.first(where: { $0.mediaType.prefix { $0 != ";" } == range }) {
                return format
            }
        }
        return nil
    }
}
