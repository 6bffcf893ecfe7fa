import SIP
import Testing

@Suite("Comparing URIs (RFC 3261 §19.1.4)")
struct ComparisonTests {
    @Test(
        "what that section calls equivalent is, both ways",
        arguments: [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;security=on"),
            ("sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on"),
            (
                "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
                "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com"
            ),
            (
                "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
                "sip:alice@atlanta.com?priority=urgent&subject=project%20x"
            ),
            ("sip:a%3bb@c", "sip:a%3Bb@c"), ("sips:[2001:DB8::1]:5061", "SIPS:[2001:db8::1]:5061"),
            ("tel:+1-201", "tel:+1-201"), ("sip:a;t=1;t=2;lr", "sip:a;T=1;lr;t=3"),
        ])
    func equivalent(_ one: String, other: String) throws {
        let (one, other) = (try URI(parsing: one), try URI(parsing: other))
        #expect(one.isEquivalent(to: other))
        #expect(other.isEquivalent(to: one))
    }

    @Test(
        "what that section calls different is, both ways",
        arguments: [
            ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
            ("sip:a@b", "sips:a@b"), ("sip:a@b", "sip:a:p@b"), ("sip:a@b", "sip:b"), ("sip:a@b;lr", "sip:a@b;lr=1"),
            ("sip:a@b;maddr=c", "sip:a@b"), ("sip:a@b;user=ip", "sip:a@b"), ("sip:a@b;ttl=1", "sip:a@b"),
            ("sip:a%3Bb@c", "sip:a;b@c"), ("tel:+1", "tel:+2"), ("sip:a@b?x=1", "sip:a@b?x=2"),
        ])
    func different(_ one: String, other: String) throws {
        let (one, other) = (try URI(parsing: one), try URI(parsing: other))
        #expect(!one.isEquivalent(to: other))
        #expect(!other.isEquivalent(to: one))
    }
}
