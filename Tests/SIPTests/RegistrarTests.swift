import Testing
import Wire

@testable import SIP

@Suite("Registrar")
final class RegistrarTests {
    private var registrar = Registrar()
    private let address = URI(user: "alice", host: "example.com")
    private let flow = Registrar.Flow(1)

    private func request(
        _ contacts: String?, expires: String? = nil, callID: String = "c", sequence: UInt32, headers: Headers = [:],
        hops: Int = 1
    ) -> Request {
        var request = Request(
            .register, target: URI(host: "example.com"),
            via: (0..<hops).map { Via(transport: "WSS", host: "\($0).invalid") },
            from: NameAddress(address), to: NameAddress(address), callID: callID, sequence: sequence, headers: headers)
        if let contacts { request.headers.append(.contact, contacts) }
        if let expires { request.headers.append(.expires, expires) }
        return request
    }

    private func register(
        _ contacts: String?, expires: String? = nil, callID: String = "c", sequence: UInt32, headers: Headers = [:],
        hops: Int = 1, over flow: UInt64 = 1, at seconds: Double = 0
    ) -> Registrar.Outcome {
        registrar.register(
            request(contacts, expires: expires, callID: callID, sequence: sequence, headers: headers, hops: hops),
            over: Registrar.Flow(flow), at: .at(seconds))
    }

    private var bound: [String] { registrar.bindings(of: address).map(\.contact.uri.description) }

    @Test("a binding is made, listed with what is left of it, refreshed and gone when it ends (RFC 3261 §10.3)")
    func lifetime() {
        let made = register("<sip:a@x.invalid>;q=0.5", expires: "600", sequence: 1)
        #expect(made.status == 200)
        #expect(made.headers.all(.contact) == ["<sip:a@x.invalid>;q=0.5;expires=600"])
        #expect(made.bound.map(\.expiry) == [.at(600)])
        #expect(register(nil, sequence: 2, at: 0.5).headers.all(.contact) == ["<sip:a@x.invalid>;q=0.5;expires=600"])
        #expect(register(nil, sequence: 2, at: 100).headers.all(.contact) == ["<sip:a@x.invalid>;q=0.5;expires=500"])
        #expect(register("<sip:a@x.invalid>", expires: "600", sequence: 3, at: 500).removed == [])
        #expect(registrar.deadline == .at(1100))
        #expect(registrar.deadlineReached(at: .at(1099)) == [])
        #expect(registrar.deadlineReached(at: .at(1100)).map(\.sequence) == [3])
        #expect(registrar.deadline == nil)
        #expect(bound == [])
    }

    @Test("how long is asked for by the Contact, else by Expires; too long is cut, too short is 423 (RFC 3261 §10.3)")
    func expiration() {
        #expect(register("<sip:a@x>;expires=120", expires: "600", sequence: 1).bound.map(\.expiry) == [.at(120)])
        #expect(register("<sip:b@x>", expires: "600", sequence: 2).bound.map(\.expiry) == [.at(600)])
        #expect(register("<sip:c@x>", sequence: 3).bound.map(\.expiry) == [.at(3600)])
        #expect(register("<sip:d@x>;expires=nonsense", sequence: 4).bound.map(\.expiry) == [.at(3600)])
        #expect(register("<sip:e@x>;expires=4294967295", sequence: 5).bound.map(\.expiry) == [.at(3600)])
        let brief = register("<sip:f@x>;expires=600, <sip:g@x>;expires=59", sequence: 6)
        #expect(brief.status == 423)
        #expect(brief.headers[.minExpires] == "60")
        #expect(bound.count == 5)
    }

    @Test("an older request of the same Call-ID changes nothing, one of another does (RFC 3261 §10.3 step 7)")
    func order() {
        _ = register("<sip:a@x>", expires: "600", sequence: 5)
        #expect(register("<sip:b@x>, <sip:a@x>;expires=0", expires: "600", sequence: 5).status == 500)
        #expect(register("<sip:a@x>;expires=0", sequence: 4).status == 500)
        #expect(register("*", expires: "0", sequence: 4).status == 500)
        #expect(bound == ["sip:a@x"])
        #expect(register("<sip:a@x>;expires=0", callID: "d", sequence: 1).removed.map(\.sequence) == [5])
        #expect(bound == [])
    }

    @Test("the star takes every binding back, but only with Expires: 0 and alone (RFC 3261 §10.2.2)")
    func star() {
        _ = register("<sip:a@x>, <sip:b@x>", expires: "600", sequence: 1)
        #expect(register("*", sequence: 2).status == 400)
        #expect(register("*", expires: "60", sequence: 2).status == 400)
        #expect(register("*, <sip:a@x>", expires: "0", sequence: 2).status == 400)
        #expect(bound.count == 2)
        let outcome = register("*", expires: "0", sequence: 2)
        #expect(outcome.status == 200)
        #expect(outcome.removed.count == 2)
        #expect(outcome.headers[.contact] == nil)
        #expect(bound == [])
    }

    @Test("what is preferred comes first, of equals the latest (RFC 3261 §10.2.1.2)")
    func preference() {
        _ = register("<sip:a@x>;q=0.5, <sip:b@x>;q=0.55", sequence: 1)
        _ = register("<sip:c@x>, <sip:d@x>;q=0, <sip:e@x>;q=0.5", sequence: 2, at: 1)
        _ = register("<sip:f@x>;q=1.0, <sip:g@x>;q=x", sequence: 3, at: 2)
        #expect(bound.prefix(5) == ["sip:f@x", "sip:g@x", "sip:c@x", "sip:b@x", "sip:e@x"])
        #expect(bound.suffix(2) == ["sip:a@x", "sip:d@x"])
    }

    @Test("a flow of a telephone replaces its own binding whatever the URI, and no other (RFC 5626 §6)")
    func outbound() {
        func contact(_ host: String, _ instance: Int, _ flow: Int) -> String {
            "<sip:a@\(host)>;reg-id=\(flow);+sip.instance=\"<urn:uuid:\(instance)>\""
        }
        let supported: Headers = [.supported: "path, outbound"]
        let first = register(contact("1.invalid", 1, 1), sequence: 1, headers: supported)
        #expect(first.headers[.require] == "outbound")
        #expect(first.bound.map(\.registrationID) == [1])
        _ = register(contact("2.invalid", 1, 2), callID: "d", sequence: 1, headers: supported, over: 2)
        _ = register(contact("3.invalid", 2, 1), callID: "e", sequence: 1, headers: supported, over: 3)
        #expect(bound.count == 3)
        let again = register(contact("4.invalid", 1, 1), callID: "f", sequence: 1, headers: supported, over: 4, at: 1)
        #expect(again.removed.map(\.flow) == [Registrar.Flow(1)])
        #expect(again.bound.map(\.flow) == [Registrar.Flow(4)])
        #expect(Set(bound) == ["sip:a@2.invalid", "sip:a@3.invalid", "sip:a@4.invalid"])
        #expect(registrar.flowFailed(Registrar.Flow(2)).map(\.contact.uri.host) == ["2.invalid"])
        #expect(Set(bound) == ["sip:a@3.invalid", "sip:a@4.invalid"])
    }

    @Test("a contact is not one of outbound when a proxy lost its flow or a part is missing (RFC 5626 §6)")
    func notOutbound() {
        let contact = "<sip:a@x>;reg-id=1;+sip.instance=\"<urn:uuid:1>\""
        let supported: Headers = [.supported: "path, outbound"]
        let lost = register(contact, sequence: 1, headers: supported, hops: 2)
        #expect(lost.bound.map(\.registrationID) == [nil])
        #expect(lost.headers[.require] == nil)
        let path: Headers = [.supported: "path, outbound", .path: "<sip:p2;lr>, <sip:token@p1;lr;ob>"]
        #expect(register(contact, sequence: 2, headers: path, hops: 3).bound.map(\.registrationID) == [1])
        for part in ["<sip:b@x>;reg-id=1", "<sip:c@x>;+sip.instance=\"<urn:uuid:2>\"", "<sip:d@x>;reg-id=0"] {
            #expect(register(part, callID: part, sequence: 1).bound.map(\.registrationID) == [nil])
        }
    }

    @Test("Path is kept, and told to who understands it (RFC 3327 §5.3)")
    func path() {
        let path = "<sip:p2.example.com;lr>, <sip:p1.example.com;lr>"
        let outcome = register("<sip:a@x>", sequence: 1, headers: [.supported: "path", .path: path])
        #expect(outcome.headers[.path] == path)
        #expect(outcome.bound.first?.path.map(\.uri.host) == ["p2.example.com", "p1.example.com"])
        #expect(register("<sip:a@x>", sequence: 2, headers: [.path: path]).headers[.path] == nil)
    }

    @Test("malformed addresses are 400", arguments: ["<sip:a@x", "<>", "sip:", "<sip:a@x>;q=\""])
    func malformed(_ contact: String) {
        #expect(register(contact, sequence: 1).status == 400)
    }

    @Test("telephones and addresses are bounded: the one heard of longest ago goes, a new address is 503")
    func bounds() {
        var configuration = Registrar.Configuration()
        configuration.bindingsPerAddress = 2
        configuration.addresses = 1
        registrar = Registrar(configuration: configuration)
        _ = register("<sip:a@x>", callID: "a", sequence: 1)
        _ = register("<sip:b@x>", callID: "b", sequence: 1, at: 1)
        _ = register("<sip:a@x>", callID: "a", sequence: 2, at: 2)
        #expect(register("<sip:c@x>", callID: "c", sequence: 1, at: 3).removed.map(\.callID) == ["b"])
        #expect(Set(bound) == ["sip:a@x", "sip:c@x"])
        #expect(register("<sip:d@x>, <sip:e@x>, <sip:f@x>", callID: "d", sequence: 1).status == 403)
        var other = request("<sip:z@x>", sequence: 1)
        other.to = NameAddress(URI(user: "bob", host: "example.com"))
        #expect(registrar.register(other, over: flow, at: .at(4)).status == 503)
    }

    @Test("a URI written another way is the same binding (RFC 3261 §10.3 step 7, §19.1.4)")
    func sameURI() {
        _ = register("<sip:%61@X.invalid;transport=ws>", sequence: 1)
        _ = register("<sip:a@x.INVALID;Transport=WS>", sequence: 2)
        #expect(bound == ["sip:a@x.INVALID;Transport=WS"])
    }

    @Test("domains are compared without letter case, users with it and unescaped (RFC 3261 §10.3 step 5, §19.1.4)")
    func addresses() {
        _ = register("<sip:a@x>", sequence: 1)
        #expect(registrar.bindings(of: URI(user: "alice", host: "EXAMPLE.com")).count == 1)
        #expect(registrar.bindings(of: URI(user: "Alice", host: "example.com")).isEmpty)
        #expect(registrar.bindings(of: URI(user: "%61lic%65", host: "example.com")).count == 1)
    }
}
