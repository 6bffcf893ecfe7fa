import Testing

@testable import ControlAPI

@Suite("What a trace is asked for")
struct TraceQueryTests {
    private func query(
        format: String? = nil, after: String? = nil, accept: String? = nil
    ) throws(Problem) -> TraceQuery {
        try TraceQuery(format: format, after: after, callID: nil, accept: accept)
    }

    @Test(
        "The format is named, or the first one that is acceptable (RFC 9110 §12.5.1)",
        arguments: [
            (nil, nil, .text), ("json", "text/plain", .json), ("pcap", nil, .pcap), (nil, "*/*", .text),
            (nil, "application/json", .json), (nil, "image/png, Application/VND.tcpdump.pcap;q=0.5", .pcap),
            (nil, "application/*", .json), (nil, "text/plain; charset=utf-8", .text),
        ] as [(String?, String?, TraceQuery.Format)])
    func formats(format: String?, accept: String?, expected: TraceQuery.Format) throws {
        #expect(try query(format: format, accept: accept).format == expected)
    }

    @Test("What does not exist is refused: a format, a form, a number")
    func refusals() {
        #expect(throws: Problem.invalidParameter("format")) { try query(format: "xml") }
        for accept in ["image/png", "application/j", ""] {
            #expect(throws: Problem.notAcceptable) { try query(accept: accept) }
        }
        for number in ["-1", "+1", "1.0", "", "9223372036854775808"] {
            #expect(throws: Problem.invalidParameter("after")) { try query(after: number) }
        }
    }
}
