import SDP
import Testing
import Wire

@Suite("Candidate lines") struct CandidateAttributeTests {
    @Test(
        "A candidate is read and written back (RFC 8839 §5.1)",
        arguments: [
            "1 1 UDP 2130706431 203.0.113.141 8998 typ host",
            "2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998",
            "3 256 UDP 1 2001:db8::1 9 typ relay raddr :: rport 9 generation 0 ufrag abcd",
            "842163049 1 tcp 1518280447 192.0.2.7 9 typ host tcptype active",
            "4 1 udp 2113937151 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 50000 typ host",
            "5 1 UDP 1845501695 192.0.2.3 45664 typ prflx",
            "6 1 UDP 7 192.0.2.3 45664 typ novel",
        ])
    func roundTrip(text: String) throws {
        #expect(try #require(CandidateAttribute(parsing: text)).text == text)
    }

    @Test("Every part of a candidate has its place (RFC 8839 §5.1)") func parts() throws {
        let candidate = try #require(
            CandidateAttribute(parsing: "2 1 UDP 1694498815 192.0.2.3 45664 typ srflx raddr 203.0.113.141 rport 8998"))
        #expect(
            candidate
                == CandidateAttribute(
                    foundation: "2", priority: 1_694_498_815, address: .ip(.v4(0xC000_0203)), port: 45_664,
                    kind: .serverReflexive,
                    extensions: [.init(name: "raddr", value: "203.0.113.141"), .init(name: "rport", value: "8998")]))
        #expect(candidate.endpoint == Endpoint(.v4(0xC000_0203), port: 45_664))
    }

    @Test(
        "No check is sent to a name, over TCP, to the second component or to port zero (RFC 8839 §5.1)",
        arguments: [
            "4 1 udp 2113937151 9b36eaac.local 50000 typ host", "1 1 tcp 1 192.0.2.7 9 typ host tcptype active",
            "1 2 UDP 1 192.0.2.7 9 typ host", "1 1 UDP 1 192.0.2.7 0 typ host",
            "1 1 UDP 1 fe80::1%eth0 9 typ host",
        ])
    func skipped(text: String) throws {
        #expect(try #require(CandidateAttribute(parsing: text)).endpoint == nil)
    }

    @Test(
        "What is no candidate gives none (RFC 8839 §5.1)",
        arguments: [
            "", "1 1 UDP 1 192.0.2.7 9 typ", "1 1 UDP 1 192.0.2.7 9 host typ", "1 0 UDP 1 192.0.2.7 9 typ host",
            "1 257 UDP 1 192.0.2.7 9 typ host", "1 1 UDP 0 192.0.2.7 9 typ host",
            "1 1 UDP 2147483648 192.0.2.7 9 typ host", "1 1 UDP 1 192.0.2.7 65536 typ host",
            "123456789012345678901234567890123 1 UDP 1 192.0.2.7 9 typ host", "1 1 UDP 1 192.0.2.7 9 typ host raddr",
            "1  1 UDP 1 192.0.2.7 9 typ host",
        ])
    func malformed(text: String) {
        #expect(CandidateAttribute(parsing: text) == nil)
    }
}
