import HTTP
import Testing

struct RequestTargetTests {
    @Test("Segments and parameters are split before they are decoded (RFC 3986 §2.4)")
    func decoding() throws {
        let target = try #require(RequestTarget("/v1/calls/a%20b%E2%82%AC?after=1%3A2&x=a%26b&flag&after=9&=z"))
        #expect(target.segments == ["v1", "calls", "a b€"])
        #expect(target.path == "/v1/calls/a b€")
        #expect(target["after"] == "1:2")
        #expect(target["x"] == "a&b")
        #expect(target["flag"] == "")
        #expect(target["y"] == nil)
    }

    @Test("Empty segments stay, and a question mark in the query is one of its characters (RFC 3986 §3.3, §3.4)")
    func edges() throws {
        #expect(RequestTarget("/")?.segments == [""])
        #expect(RequestTarget("//a/")?.segments == ["", "a", ""])
        #expect(RequestTarget("/?a=b?c=d")?["a"] == "b?c=d")
        #expect(RequestTarget("/a+b")?.path == "/a+b")
    }

    @Test(
        "A target that could be understood in two ways is none",
        arguments: [
            "", "*", "a", "http://a/", "/%", "/%4", "/%zz", "/%+1", "/a%2Fb", "/a%2fb", "/%00", "/a%0Ab", "/%7F",
            "/%FF",
            "/%C0%AF", "/%ED%A0%80", "/../a", "/a/..", "/./a", "/%2e%2E/a", "/a/%2e", "/?a=%", "/?%g0=1", "/?a=%00",
        ])
    func refused(_ text: String) {
        #expect(RequestTarget(text) == nil)
    }
}
