import SDP
import Testing

@Suite("Trickled candidates") struct CandidateFragmentTests {
    @Test("A fragment has its description's fragment name and candidates (RFC 8840 §9)") func whole() throws {
        let fragment = try #require(
            CandidateFragment(
                parsing: """
                    a=ice-pwd:asd88fgpdd777uzjYhagZg
                    a=ice-ufrag:8hhY
                    m=audio 9 RTP/AVP 0
                    a=mid:1
                    a=candidate:1 1 UDP 2130706432 2001:db8:a0b:12f0::1 5000 typ host
                    a=candidate:nonsense
                    a=candidate:2 1 UDP 1694498815 192.0.2.3 5000 typ srflx raddr 10.0.1.1 rport 8998
                    a=end-of-candidates
                    """))
        #expect(fragment.ufrag == "8hhY")
        #expect(fragment.candidates.map(\.foundation) == ["1", "2"])
        #expect(fragment.endOfCandidates)
    }

    @Test("What has no candidates and does not end them is none", arguments: ["", "v=0", "a=ice-ufrag:8hhY\r\n"])
    func none(text: String) {
        #expect(CandidateFragment(parsing: text) == nil)
    }
}
