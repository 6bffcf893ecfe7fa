import SIP
import Testing

@Suite("SIP addresses")
struct AddressTests {
    @Test(
        "a URI is written as it was read (RFC 3261 §19.1.3)",
        arguments: [
            "sip:alice@atlanta.com", "sip:alice:secretword@atlanta.com;transport=tcp",
            "sips:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:+1-212-555-1212:1234@gateway.com;user=phone", "sips:1212@gateway.com", "sip:alice@192.0.2.4",
            "sip:atlanta.com;method=REGISTER?to=alice%40atlanta.com", "sip:alice;day=tuesday@atlanta.com",
            "sip:user@[2001:db8::10]:5070;lr", "tel:+358-555-1234567;postd=pp22",
        ])
    func uri(_ text: String) throws {
        #expect(try URI(parsing: text).description == text)
    }

    @Test("a URI has its parts")
    func parts() throws {
        let uri = try URI(parsing: "SIPS:a%20b:pw@[::1]:5061;Transport=ws;lr?h=1")
        #expect(uri.scheme == .sips)
        #expect(uri.user == "a%20b")
        #expect(uri.password == "pw")
        #expect(uri.host == "[::1]")
        #expect(uri.port == 5061)
        #expect(uri.parameters["transport"] == "ws")
        #expect(uri.parameters.contains("LR"))
        #expect(uri.headers == "h=1")
        #expect(try URI(parsing: "tel:+1").opaquePart == "+1")
    }

    @Test(
        "what is no URI is not read as one",
        arguments: [
            "", "sip", "sip:", "sip:@host", "sip:a@", "sip:a@b:70000", "sip:a@b:x", "sip:a b@c", "sip:a@b;=1",
            "sip:a@b;",
            "sip:a@[::1", "sip:a@[zz]", "<sip:a@b>", "sip:a@b\u{0}", "sip:ä@b", ":x", "sip:a@b/c",
            "sip:a: 90;b=c@d", "sip:a@b :5060", "sip:a@b: 5060",
        ])
    func noURI(_ text: String) {
        #expect(throws: Malformed.self) { try URI(parsing: text) }
    }

    @Test(
        "a name-addr or addr-spec is written as it was read (RFC 3261 §20.10)",
        arguments: [
            ("Anonymous <sip:c8oqz84zk7z@privacy.org>;tag=hyh8", "Anonymous"),
            ("sip:+12125551212@phone2net.com;tag=887s", nil),
            ("\"Mr. \\\\ <x>\" <sip:a@b;lr>", "Mr. \\ <x>"),
            ("Zoë  van der Laan <sip:a@b>", "Zoë  van der Laan"),
            ("\"\"<sip:a@b>", ""),
            ("<sip:a@b> ; q = 0.7 ;expires=\"1;2\"; flag", nil),
        ])
    func nameAddress(_ text: String, displayName: String?) throws {
        let address = try NameAddress(parsing: text)
        #expect(address.description == text)
        #expect(address.displayName == displayName)
    }

    @Test("a name and a URI are written as a name-addr, and are equal to what is read")
    func written() throws {
        let address = NameAddress(
            URI(user: "a", host: "b", parameters: ["lr": nil]), displayName: "A \"B\"", parameters: ["q": "0.7"])
        #expect(address.description == #""A \"B\"" <sip:a@b;lr>;q=0.7"#)
        #expect(try NameAddress(parsing: #""A \"B\""<sip:a@b;lr> ; q=0.7"#) == address)
    }

    @Test("a parameter is set, changed and taken away where it stands, and the rest stays as it was")
    func parameters() throws {
        var address = try NameAddress(parsing: "Bob  <sip:a@b;lr> ;q = 0.7; Expires=60 ;x=\"1;2\"")
        #expect(address.parameters.all.map(\.name) == ["q", "Expires", "x"])
        #expect(address.parameters["x"] == "1;2")
        address.parameters["expires"] = "5"
        address.tag = "a b"
        address.parameters["q"] = nil
        address.parameters.insertFlag("X")
        address.parameters.insertFlag("y")
        #expect(address.description == "Bob  <sip:a@b;lr> ;expires=5 ;x=\"1;2\";tag=\"a b\";y")
        #expect(address.uri.description == "sip:a@b;lr")
        #expect(address.displayName == "Bob")
    }

    @Test("parameters and headers of a URI are changed in place, and of a foreign scheme not at all")
    func uriParameters() throws {
        var uri = try URI(parsing: "SIPS:u:p@[::1]:5061;a=1;method=INVITE;b?h=1")
        uri.parameters["method"] = nil
        uri.headers = nil
        #expect(uri.description == "sips:u:p@[::1]:5061;a=1;b")
        var telephone = try URI(parsing: "tel:+1;phone-context=x")
        telephone.parameters["a"] = "b"
        telephone.headers = "c"
        #expect(telephone.description == "tel:+1;phone-context=x")
    }

    @Test("commas inside quotes and brackets do not part addresses")
    func list() throws {
        let addresses = try NameAddress.list(parsing: "\"a, b\" <sip:a,b@c>, sip:d@e;x=\"1,2\" ,<sip:f>")
        #expect(addresses.map(\.uri.description) == ["sip:a,b@c", "sip:d@e", "sip:f"])
    }

    @Test("Contact * names no address (RFC 3261 §10.2.2)")
    func star() throws {
        #expect(try Headers([.init(.contact, "*")]).addresses(.contact) == [])
    }

    @Test(
        "what is no CSeq is not read as one (RFC 3261 §8.1.1.5)",
        arguments: ["", "1", "INVITE", "2147483648 INVITE", "-1 INVITE", "1 INVITE x", "1INVITE"])
    func cSeq(_ text: String) {
        #expect(throws: Malformed.value(.cSeq)) { try CSeq(parsing: text) }
    }
}
