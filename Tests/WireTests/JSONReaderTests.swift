import Testing

@testable import Wire

@Suite("JSON texts (RFC 8259)")
struct JSONReaderTests {
    private func json(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

    @Test("Values of every kind, with whitespace wherever it may be (§2, §3)")
    func values() throws {
        let text = " { \"a\" : [ 1 , -2.5 , true , false , null , \"x\" , { } , [ ] ] ,\r\n\t\"b\" : { \"c\" : 0 } } "
        #expect(
            try json(text) == [
                "a": [1, .number(-2.5), true, false, nil, "x", [:], []], "b": ["c": 0],
            ])
        #expect(try json("\"alone\"") == "alone")
        #expect(try json("\u{FEFF}1") == 1)
    }

    @Test("Strings with escapes and what needs none (§7)")
    func strings() throws {
        #expect(try json(#""\"\\\/\b\f\n\r\t\u0041\u00e9\u4E2d\ud83d\ude42é坐🙂""#) == "\"\\/\u{8}\u{C}\n\r\tAé中🙂é坐🙂")
        #expect(try json(#""\u0000""#) == "\0")
    }

    @Test("Numbers: integers as long as they fit, everything else as it is (§6)")
    func numbers() throws {
        #expect(try json("9223372036854775807") == .integer(.max))
        #expect(try json("-9223372036854775808") == .integer(.min))
        #expect(try json("1e30") == .number(1e30))
        #expect(try json("[-0, 0.5E-1, 2033.0, 1e3]") == [0, .number(0.05), 2033, 1000])
    }

    @Test("Of members with one name the last counts (§4)")
    func duplicates() throws {
        #expect(try json(#"{"a":1,"a":2}"#) == ["a": 2])
    }

    @Test(
        "What is no JSON text is refused",
        arguments: [
            "", " ", "{", "}", "[1", "[1,]", "[,1]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "1 2",
            "tru", "nul",
            "True", "01", "-", "+1", ".5", "1.", "1e", "1e+", "0x10", "1e400", "NaN", "Infinity", "'a'", "\"a",
            "\"\\\"",
            "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\ud83d\"", "\"\\ud83dx\"", "\"\\ud83d\\u0041\"", "\"\\ude42\"",
            "\"a\nb\"", "\"a\u{0}\"", "1\u{0}", "/**/1", "\u{A0}1",
        ])
    func malformed(text: String) {
        #expect(throws: JSONReader.Malformed.text) { try json(text) }
    }

    @Test(
        "So is what is not UTF-8 (§8.1)",
        arguments: [[0x22, 0xE4, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0xFF, 0xFE, 0x31, 0]])
    func notUTF8(bytes: [UInt8]) {
        #expect(throws: JSONReader.Malformed.text) { try JSON(parsing: bytes) }
    }

    @Test("64 deep is deep enough (§9)", arguments: [("[", "]"), ("{\"a\":", "}")])
    func depth(open: String, close: String) throws {
        func nested(_ depth: Int) throws -> JSON {
            try json(String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth))
        }
        #expect(throws: Never.self) { try nested(64) }
        #expect(throws: JSONReader.Malformed.text) { try nested(65) }
        #expect(throws: JSONReader.Malformed.text) { try json(String(repeating: open, count: 100_000)) }
    }
}
