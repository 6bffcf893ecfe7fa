import HTTPTypes
import Testing
import Wire

@testable import ControlAPI

private let start = Instant(nanoseconds: 0)
private let loopback = Client.address(.loopback4)
private let stranger = Client.address(IPAddress("192.0.2.7") ?? .any4)

@Suite("Who may ask")
struct AccessControlTests {
    private let token: AccessToken
    private let secret: String
    private let registry: TokenRegistry

    init() throws {
        var registry = TokenRegistry()
        var randomness = Randomness.seeded(1)
        let created = try registry.create(
            TokenRequest(name: "crm", scopes: [.read, .call]), at: 1_760_000_000, using: &randomness)
        token = created.token
        secret = created.secret.value
        self.registry = registry
    }

    private func access(hosts: Set<String> = [], origins: Set<String> = []) -> AccessControl {
        AccessControl(.init(hosts: hosts, origins: origins), brake: AttemptBrake(allowance: 2, recovery: .seconds(6)))
    }

    private func request(
        host: String? = "127.0.0.1:8460", origin: String? = nil, authorization: String? = nil,
        subprotocols: [String] = [], client: Client = loopback, isOwner: Bool = false
    ) -> AccessControl.Request {
        var head = HTTPRequest(method: .get, scheme: "http", authority: host, path: "/v1/state")
        head.headerFields[.origin] = origin
        head.headerFields[.authorization] = authorization
        return AccessControl.Request(head: head, subprotocols: subprotocols, client: client, isOwner: isOwner)
    }

    @Test(
        "Loopback's names and addresses are ours, with any port or none (RFC 9110 §7.2)",
        arguments: [
            "localhost", "LocalHost:8460", "127.0.0.1", "127.0.0.1:1", "127.8.9.10:8460", "[::1]", "[::1]:8460",
            "localhost:", "pbx.example", "proxy.example:443", "PBX.example:8460", "[2001:db8::1]:8460",
        ])
    func ownHosts(host: String) throws {
        let access = access(hosts: ["pbx.Example", "[2001:db8::1]", "proxy.example:443"])
        #expect(try access.origin(of: request(host: host)) == nil)
        #expect(throws: Problem.hostNotAllowed) { try access.origin(of: request(host: "proxy.example:444")) }
    }

    @Test(
        "Every other name is turned away, so that DNS rebinding gets nowhere",
        arguments: [
            nil, "", "evil.example", "evil.example:8460", "localhost.evil.example", "127.0.0.1.evil.example",
            "127.0.0.1@evil.example", "localhost.", "0.0.0.0:8460", "[::]", "[::1", "[::1]x", "::1", "127.1",
            "2130706433", "localhost:99999", "localhost:x", ":8460",
        ] as [String?])
    func foreignHosts(host: String?) {
        #expect(throws: Problem.hostNotAllowed) { try access().origin(of: request(host: host)) }
        #expect(throws: Problem.hostNotAllowed) {
            try access().origin(of: request(host: host, isOwner: true))
        }
    }

    @Test("The address a client has connected to is ours, whatever it is")
    func localAddress() throws {
        var asked = request(host: "192.0.2.1:8460")
        asked.local = IPAddress("192.0.2.1")
        #expect(try access().origin(of: asked) == nil)
        asked.local = IPAddress("192.0.2.2")
        #expect(throws: Problem.hostNotAllowed) { try access().origin(of: asked) }
    }

    @Test("No name leads to a Unix socket, so any will do there")
    func unixHost() throws {
        #expect(try access().origin(of: request(host: "phonebard", client: .user(1000))) == nil)
        #expect(try access().origin(of: request(host: nil, client: .user(1000))) == nil)
    }

    @Test("A page of a configured origin, and one of the daemon's own, may ask (RFC 6454 §6)")
    func ownOrigins() throws {
        let access = access(origins: ["https://crm.example"])
        #expect(try access.origin(of: request(origin: "https://crm.example")) == "https://crm.example")
        #expect(try access.origin(of: request(origin: "https://CRM.example")) == "https://CRM.example")
        #expect(try access.origin(of: request(origin: "http://127.0.0.1:8460")) == "http://127.0.0.1:8460")
    }

    @Test(
        "A page of any other origin is turned away, whatever token it has",
        arguments: [
            "", "null", "http://crm.example", "https://crm.example:8443", "https://crm.example.evil.example",
            "https://evil.example", "https://crm.example, https://evil.example", "https://127.0.0.1:8460",
            "http://localhost:8460", "http://127.0.0.1",
        ])
    func foreignOrigins(origin: String) {
        let access = access(origins: ["https://crm.example"])
        let request = request(origin: origin, authorization: "Bearer \(secret)")
        #expect(throws: Problem.originNotAllowed) { try access.origin(of: request) }
    }

    @Test("A rebound name does not make its own page at home")
    func reboundPage() {
        let request = request(host: "evil.example:8460", origin: "http://evil.example:8460")
        #expect(throws: Problem.hostNotAllowed) { try access().origin(of: request) }
    }

    @Test(
        "A token is taken from Authorization, the scheme in any case (RFC 9110 §11.1)",
        arguments: ["Bearer ", "bearer ", "BEARER  "])
    func authorization(scheme: String) throws {
        var access = access()
        let caller = try access.caller(of: request(authorization: scheme + secret), at: start, identify: registry.token)
        #expect(caller == .token(token))
        #expect(caller.scopes == [.read, .call])
    }

    @Test("A token is taken from the subprotocols, where browsers can put it")
    func subprotocol() throws {
        var access = access()
        let request = request(subprotocols: ["phonebard.v1", "bearer.\(secret)"])
        #expect(try access.caller(of: request, at: start, identify: registry.token) == .token(token))
    }

    @Test(
        "What is no token opens nothing and is no attempt either",
        arguments: [nil, "", "Bearer", "Basic dXNlcjpwd2Q="] as [String?])
    func noToken(authorization: String?) {
        var access = access()
        for _ in 1...5 {
            #expect(throws: Problem.unauthorized) {
                try access.caller(of: request(authorization: authorization), at: start, identify: registry.token)
            }
        }
    }

    @Test("The daemon's own user needs no token and may do everything")
    func owner() throws {
        var access = access()
        let caller = try access.caller(of: request(client: .user(1000), isOwner: true), at: start) { _ in nil }
        #expect(caller == .owner)
        #expect(caller.scopes.allows(.admin))
    }

    @Test("A stranger who was wrong too often is not listened to until its time is over, others are (RFC 6585 §4)")
    func brake() throws {
        var access = access()
        let wrong = request(authorization: "Bearer wrong", client: stranger)
        let right = request(authorization: "Bearer \(secret)", client: stranger)
        for _ in 1...2 {
            #expect(throws: Problem.unauthorized) { try access.caller(of: wrong, at: start, identify: registry.token) }
        }
        for request in [wrong, right] {
            #expect(throws: Problem.tooManyAttempts(wait: .seconds(6))) {
                try access.caller(of: request, at: start, identify: registry.token)
            }
        }
        let elsewhere = request(authorization: "Bearer \(secret)", client: .address(.v4(1)))
        #expect(try access.caller(of: elsewhere, at: start, identify: registry.token) == .token(token))
        #expect(try access.caller(of: right, at: start + .seconds(6), identify: registry.token) == .token(token))
    }

    @Test("On loopback, which everybody shares, the right token opens even so")
    func brakeOnLoopback() throws {
        var access = access()
        let wrong = request(authorization: "Bearer wrong")
        for _ in 1...2 {
            #expect(throws: Problem.unauthorized) { try access.caller(of: wrong, at: start, identify: registry.token) }
        }
        #expect(throws: Problem.tooManyAttempts(wait: .seconds(6))) {
            try access.caller(of: wrong, at: start, identify: registry.token)
        }
        let right = request(authorization: "Bearer \(secret)")
        #expect(try access.caller(of: right, at: start, identify: registry.token) == .token(token))
    }
}

@Suite("The brake for wrong tokens")
struct AttemptBrakeTests {
    @Test("After its allowance a client is given one attempt each recovery time, and all again after a quiet while")
    func allowance() {
        var brake = AttemptBrake(allowance: 3, recovery: .seconds(6))
        for _ in 1...3 {
            #expect(brake.wait(for: stranger, at: start) == nil)
            brake.failed(stranger, at: start)
        }
        #expect(brake.wait(for: stranger, at: start) == .seconds(6))
        #expect(brake.wait(for: stranger, at: start + .seconds(4)) == .seconds(2))
        #expect(brake.wait(for: stranger, at: start + .seconds(6)) == nil)
        brake.failed(stranger, at: start + .seconds(6))
        #expect(brake.wait(for: stranger, at: start + .seconds(6)) == .seconds(6))
        let later = start + .seconds(60)
        for _ in 1...3 { brake.failed(stranger, at: later) }
        #expect(brake.wait(for: stranger, at: later) == .seconds(6))
    }

    @Test("All addresses of an IPv6 /64 are one client, IPv4 addresses and user ids are one each")
    func clients() {
        var brake = AttemptBrake(allowance: 1)
        brake.failed(.address(.v6(high: 0x2001_0DB8 << 32, low: 1)), at: start)
        #expect(brake.wait(for: .address(.v6(high: 0x2001_0DB8 << 32, low: 99)), at: start) != nil)
        #expect(brake.wait(for: .address(.v6(high: 0x2001_0DB8 << 32 | 1, low: 1)), at: start) == nil)
        brake.failed(.address(.v4(1)), at: start)
        #expect(brake.wait(for: .address(.v4(2)), at: start) == nil)
        brake.failed(.user(1), at: start)
        #expect(brake.wait(for: .user(2), at: start) == nil)
    }

    @Test("The table is bounded, and forgets the least guilty first")
    func bounded() {
        var brake = AttemptBrake(allowance: 2, capacity: 2)
        for _ in 1...2 { brake.failed(stranger, at: start) }
        for bits in 1...1000 as ClosedRange<UInt32> { brake.failed(.address(.v4(bits)), at: start) }
        #expect(brake.wait(for: stranger, at: start) != nil)
        #expect(brake.wait(for: .address(.v4(1)), at: start) == nil)
    }
}
