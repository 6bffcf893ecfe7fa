import SDP
import Testing
import Wire

@Suite("Session descriptions") struct SessionDescriptionTests {
    @Test(
        "What real peers write is read and written back line for line (RFC 8866 §9)",
        arguments: [Sample.chromium, Sample.firefox, Sample.aiortc, Sample.rtpengine, Sample.telephone])
    func roundTrip(text: String) throws {
        let description = try SessionDescription(parsing: text)
        #expect(description.text == text.crlf)
        #expect(try SessionDescription(parsing: description.text) == description)
    }

    @Test("Lines without a use here are kept, in the order of the grammar (RFC 8866 §9)") func otherLines() throws {
        let text = """
            v=0
            o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1
            s=Call to John Smith
            i=SDP Offer #1
            u=http://www.jdoe.example.com/home.html
            e=Jane Doe <jane@jdoe.example.com>
            p=+1 617 555-6011
            c=IN IP4 198.51.100.1
            b=AS:64
            t=0 0
            k=prompt
            m=audio 49170/2 RTP/AVP 0
            i=the voice
            b=TIAS:64000
            m=audio 49180 RTP/AVP 0
            c=IN IP6 2001:db8::2

            """
        let description = try SessionDescription(parsing: text)
        #expect(description.otherLines.map(\.type) == ["i", "u", "e", "p", "b", "k"])
        #expect(description.media[0].portCount == 2)
        #expect(description.media[1].connection == Connection(addressType: "IP6", address: "2001:db8::2"))
        #expect(description.text == text.crlf)
    }

    private typealias Failure = SessionDescription.ParseFailure

    @Test(
        "Malformed descriptions are refused, each for its reason (RFC 8866 §5, §9)",
        arguments: [
            ("", .unexpectedLine), ("v=1", .unsupportedVersion), ("v=0\ns=-", .unexpectedLine),
            ("v", .malformedLine), ("v:0", .malformedLine), ("V=0", .malformedLine), ("v=\u{0}", .malformedLine),
            ("v=0\r\no=-\r1", .malformedLine), ("v=0\r\r\n", .malformedLine), ("v=0\n=", .malformedLine),
            ("v=0\no=- 1 IN IP4 0.0.0.0", .malformedOrigin),
            ("v=0\no=- -1 1 IN IP4 0.0.0.0", .malformedOrigin),
            ("v=0\no=- 18446744073709551616 1 IN IP4 0.0.0.0", .malformedOrigin),
            ("v=0\no=- 1 1 IN IP5 0.0.0.0", .malformedConnection),
            ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-", .malformedTiming),
            ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0", .malformedTiming),
            ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\na=x\nt=0 0", .unexpectedLine),
            ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=", .malformedAttribute),
            ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\na=:x", .malformedAttribute),
            ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\nx=y", .unexpectedLine),
            ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\nm=audio 1 RTP/AVP", .malformedMedia),
            ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\nm=audio 65536 RTP/AVP 0", .malformedMedia),
            ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\nm=audio 1/0 RTP/AVP 0", .malformedMedia),
            ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\nm=audio  1 RTP/AVP 0", .malformedMedia),
            ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\nm=audio 1 RTP/AVP 0", .missingConnection),
            ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nc=IN IP4\nt=0 0", .malformedConnection),
            ("v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nt=0 0\nm=audio 1 RTP/AVP 0\nt=0 0", .unexpectedLine),
        ] as [(String, SessionDescription.ParseFailure)])
    func malformed(text: String, failure: SessionDescription.ParseFailure) {
        #expect(throws: failure) { try SessionDescription(parsing: text) }
    }

    @Test("Sizes and counts have limits") func limits() {
        let start = "v=0\no=- 1 1 IN IP4 0.0.0.0\ns=-\nc=IN IP4 0.0.0.0\nt=0 0\n"
        let tooLong = start + "a=" + String(repeating: "x", count: 65_536)
        #expect(throws: Failure.tooLong) { try SessionDescription(parsing: tooLong) }
        let tooManyLines = start + String(repeating: "a=x\n", count: 2_000)
        #expect(throws: Failure.tooManyLines) { try SessionDescription(parsing: tooManyLines) }
        let tooManySections = start + String(repeating: "m=audio 0 RTP/AVP 0\n", count: 65)
        #expect(throws: Failure.tooManySections) { try SessionDescription(parsing: tooManySections) }
    }

    @Test(
        "No cut of a description and no changed byte of it does harm", arguments: [Sample.chromium, Sample.telephone])
    func damage(sample: String) {
        let bytes = Array(sample.utf8)
        for index in bytes.indices {
            var damaged = bytes
            damaged[index] = damaged[index] &+ 0x7F
            for text in [String(decoding: bytes[..<index], as: UTF8.self), String(decoding: damaged, as: UTF8.self)] {
                let session = try? SessionDescription(parsing: text)
                _ = session.map { try? AudioDescription(offeredIn: $0, taking: Set(MediaEncryption.allCases)) }
            }
        }
    }
}

extension String {
    var crlf: String { split(separator: "\n").map { $0 + "\r\n" }.joined() }
}
