import HTTP
import HTTPTypes
import Testing

struct ConditionalRequestTests {
    private static let content = StaticContent(
        Array("openapi: 3.1.0\n".utf8), type: "application/yaml", modified: 784_111_777)
    private static let tag = content.tag.description

    private static func status(_ fields: HTTPFields) -> Int {
        content.answer(
            to: HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/", headerFields: fields)
        ).response.status.code
    }

    @Test("A tag is made of the content and quoted, and nothing but the content changes it (RFC 9110 §8.8.3)")
    func tags() {
        #expect(EntityTag(of: [1].span) == EntityTag(of: [1].span))
        #expect(EntityTag(of: [1].span) != EntityTag(of: [2].span))
        #expect(Self.tag.utf8.count == 22)
        #expect(Self.tag.first == "\"" && Self.tag.last == "\"")
    }

    @Test("The whole answer carries tag and date, the 304 the same without the content (RFC 9110 §15.4.5)")
    func answers() {
        let request = HTTPRequest(method: .get, scheme: "http", authority: "a", path: "/")
        var fields: HTTPFields = [.eTag: Self.tag, .cacheControl: "no-cache"]
        fields[.lastModified] = "Sun, 06 Nov 1994 08:49:37 GMT"
        var conditional = request
        conditional.headerFields[.ifNoneMatch] = Self.tag
        let unchanged = Self.content.answer(to: conditional)
        #expect(unchanged.response == HTTPResponse(status: .notModified, headerFields: fields))
        #expect(unchanged.body == [])
        fields[.contentType] = "application/yaml"
        let whole = Self.content.answer(to: request)
        #expect(whole.response == HTTPResponse(status: .ok, headerFields: fields))
        #expect(whole.body == Self.content.bytes)
    }

    @Test("If-None-Match names a tag in a list, weak or strong, or any (RFC 9110 §13.1.2)")
    func ifNoneMatch() {
        for held in [
            Self.tag, "W/\(Self.tag)", "*", #""a", "b",\#(Self.tag)"#, #"W/"a,b" , W/\#(Self.tag) , "c""#,
        ] {
            #expect(Self.status([.ifNoneMatch: held]) == 304, "\(held)")
        }
        for other in [
            "", #""a""#, #""a", "b""#, String(Self.tag.dropFirst().dropLast()), "w/\(Self.tag)", "\(Self.tag) x",
            "*, x",
            #""unclosed"#, #"x, \#(Self.tag)"#,
        ] {
            #expect(Self.status([.ifNoneMatch: other]) == 200, "\(other)")
        }
    }

    @Test("If-Modified-Since counts only alone, and a date that is none does not (RFC 9110 §13.1.3)")
    func ifModifiedSince() {
        #expect(Self.status([.ifModifiedSince: "Sun, 06 Nov 1994 08:49:37 GMT"]) == 304)
        #expect(Self.status([.ifModifiedSince: "Sun, 06 Nov 1994 08:49:36 GMT"]) == 200)
        #expect(Self.status([.ifModifiedSince: "yesterday"]) == 200)
        #expect(Self.status([.ifNoneMatch: #""a""#, .ifModifiedSince: "Sun, 06 Nov 1994 08:49:37 GMT"]) == 200)
    }

    @Test("The RFC's three forms of one date are read (RFC 9110 §5.6.7)")
    func dates() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
        ] {
            #expect(HTTPDate.secondsSince1970(text) == 784_111_777, "\(text)")
        }
        for seconds in [0, 951_782_400, 4_107_542_399, 1_709_164_800] {
            #expect(HTTPDate.secondsSince1970(HTTPDate.text(secondsSince1970: seconds)) == seconds)
        }
        for text in [
            "", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1969 08:49:37 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        ] {
            #expect(HTTPDate.secondsSince1970(text) == nil, "\(text)")
        }
    }
}
