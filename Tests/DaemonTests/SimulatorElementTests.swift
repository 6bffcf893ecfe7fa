import Simulator
import Testing
import Wire

@Suite("The XML of the platform's bodies (platform protocol §3)")
struct SimulatorElementTests {
    @Test("A body is read with its declaration, attributes and children")
    func reads() throws {
        let text = """
            <?xml version="1.0" encoding="utf-8"?>
            <o><a><u n='1001' a="o" nm="&#x5750;席 &amp; &lt;1&gt;" r="895"/></a></o>
            """
        let user = Element("u", ["n": "1001", "a": "o", "nm": "坐席 & <1>", "r": "895"])
        #expect(try Element(parsing: [UInt8](text.utf8).span) == Element("o", [:], [Element("a", [:], [user])]))
    }

    @Test("What is written is read back the same")
    func writes() throws {
        let element = Element("cc", ["a": "104", "n": "\"<&>'\n"], [Element("u", ["b": ""])])
        #expect(
            element.document == """
                <?xml version="1.0" encoding="utf-8"?><cc a="104" n="&quot;&lt;&amp;&gt;'&#10;"><u b=""/></cc>
                """)
        #expect(try Element(parsing: [UInt8](element.document.utf8).span) == element)
    }

    @Test(
        "What is not one small element is refused",
        arguments: [
            ("", .unexpectedEnd),
            ("<cc", .unexpectedEnd),
            ("<cc a=\"1\"", .unexpectedEnd),
            ("<cc a=1/>", .unexpectedCharacter),
            ("<cc a=\"1\"b=\"2\"/>", .unexpectedCharacter),
            ("<cc a=\"1\" a=\"2\"/>", .duplicateAttribute),
            ("<cc a=\"<\"/>", .unexpectedCharacter),
            ("<cc a=\"&entity;\"/>", .unknownReference),
            ("<cc a=\"&#xD800;\"/>", .unknownReference),
            ("<cc a=\"&#0;\"/>", .unknownReference),
            ("<cc></ch>", .mismatchedTag),
            ("<cc/><cc/>", .unexpectedCharacter),
            ("<cc>text</cc>", .unexpectedCharacter),
            ("<!DOCTYPE cc [<!ENTITY e \"x\">]><cc/>", .unexpectedCharacter),
            (String(repeating: "<a>", count: 9), .tooDeep),
        ] as [(String, Element.Malformed)])
    func refuses(text: String, fault: Element.Malformed) {
        #expect(throws: fault) { try Element(parsing: [UInt8](text.utf8).span) }
    }
}
