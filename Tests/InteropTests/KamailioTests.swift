import Crypto
import Foundation
import HTTP
import Network
import SIP
import Testing
import Wire

@Suite("SIP over WebSocket with Kamailio (RFC 7118)", .serialized, .timeLimit(.minutes(1)))
struct KamailioTests {
    private func client(_ user: String = "alice", password: String = "alicepw") -> KamailioClient {
        KamailioClient(user: user, password: password)
    }

    private func trusting(_ server: KamailioServer) -> ServerRoute {
        ServerRoute(trust: .authorities(file: server.authorityFile))
    }

    /// Why the connection could not be made.
    private func refusal(_ client: KamailioClient) async -> WebSocketClient.CloseReason? {
        await client.next { fact in if case .closed(let reason) = fact { reason } else { nil } }
    }

    private func expectRegistration(_ client: KamailioClient, sourceLocation: SourceLocation = #_sourceLocation) async {
        await client.handle(.register(expires: .seconds(120)))
        let state = await client.registration()
        guard case .registered = state else {
            Issue.record("\(String(describing: state))", sourceLocation: sourceLocation)
            return
        }
    }

    @Test("REGISTER with digest, MESSAGE to ourselves and back, and out again", arguments: ["ws", "wss"])
    func registerAndMessage(scheme: String) async throws {
        let server = try await KamailioServer()
        defer { withExtendedLifetime(server) {} }
        let client = client()
        let uri = scheme == "ws" ? "ws://127.0.0.1:\(server.clearPort)" : server.uri
        await client.connect(to: uri, by: trusting(server))
        let subprotocol = await client.next { fact in
            if case .opened(let subprotocol) = fact { subprotocol } else { nil }
        }
        #expect(subprotocol == "sip")
        await expectRegistration(client)

        await client.handle(
            .send(
                RequestID(1), .message, target: URI(user: "alice", host: "lab.test"),
                headers: [.contentType: "text/plain;charset=utf-8"], body: [UInt8]("你好, alice".utf8)))
        let received = await client.output { output in
            if case .request(let token, let request) = output { (token, request) } else { nil }
        }
        let (token, request) = try #require(received)
        #expect(request.method == .message)
        #expect(request.text == "你好, alice")
        await client.handle(.respond(token, status: 200))
        let response = await client.output { output in
            if case .response(RequestID(1), let response) = output { response } else { nil }
        }
        #expect(response?.status == 200)

        await client.handle(.unregister)
        #expect(await client.registration() == .unregistered)
    }

    @Test("A short registration is refreshed before it expires")
    func expiry() async throws {
        let server = try await KamailioServer()
        defer { withExtendedLifetime(server) {} }
        let client = client()
        await client.connect(to: server.uri, by: trusting(server))
        await client.handle(.register(expires: .seconds(4)))
        var ends: [Instant] = []
        while ends.count < 3, case .registered(let until)? = await client.registration() { ends.append(until) }
        #expect(ends.count == 3)
        for (end, next) in zip(ends, ends.dropFirst()) { #expect(next < end + .seconds(4)) }
    }

    @Test("A binding that nobody refreshes is gone when its time is up, and its telephone is not found any more")
    func expired() async throws {
        let server = try await KamailioServer()
        defer { withExtendedLifetime(server) {} }
        let (alice, other) = (client(), client("1002_x", password: "1002"))
        await other.connect(to: server.uri, by: trusting(server))
        await expectRegistration(other)
        await alice.connect(to: server.uri, by: trusting(server))
        await alice.handle(.register(expires: .seconds(4)))
        guard case .registered(let until) = await alice.registration() else { return }
        await alice.stopClock()
        var statuses: [Int] = []
        while statuses.last != 404, MonotonicClock.now < until + .seconds(20) {
            let id = RequestID(UInt64(statuses.count))
            await other.handle(.send(id, .options, target: URI(user: "alice", host: "lab.test")))
            let status = await other.output {
                if case .response(id, let response) = $0 { response.status } else { nil }
            }
            statuses.append(try #require(status))
            try await Task.sleep(for: .milliseconds(50))
        }
        #expect(Set(statuses) == [200, 404])
        #expect(MonotonicClock.now >= until - .seconds(1))
    }

    @Test("A wrong password is a refused registration, not an endless exchange of challenges")
    func wrongPassword() async throws {
        let server = try await KamailioServer()
        defer { withExtendedLifetime(server) {} }
        let client = client(password: "bobpw")
        await client.connect(to: server.uri, by: trusting(server))
        await client.handle(.register(expires: .seconds(120)))
        let outcome = await client.registration()
        guard case .failed(.rejected(status: 401, _), _, _) = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
    }

    @Test("A server whose authority is not trusted, or whose certificate is for another name, is not connected to")
    func badCertificate() async throws {
        let server = try await KamailioServer(names: ["localhost"])
        defer { withExtendedLifetime(server) {} }
        for (uri, route, code) in [
            ("wss://localhost:\(server.port)", ServerRoute(), Int32(19)), (server.uri, trusting(server), 64),
        ] {
            let client = client()
            await client.connect(to: uri, by: route)
            let reason = await refusal(client)
            guard case .certificateRejected(let error) = reason, error.code == code else {
                Issue.record("\(uri): \(String(describing: reason))")
                continue
            }
        }
        let strangers = server.folder.path + "/strangers.pem"
        try CertificateAuthority(name: "stranger").write(to: strangers)
        let deceived = client()
        await deceived.connect(
            to: "wss://localhost:\(server.port)", by: ServerRoute(trust: .authorities(file: strangers)))
        guard case .certificateRejected = await refusal(deceived) else {
            Issue.record("another authority's certificate was believed")
            return
        }
        let named = client()
        await named.connect(to: "wss://localhost:\(server.port)", by: trusting(server))
        await expectRegistration(named)
    }

    @Test("A server with another host's certificate is not connected to, whoever issued it (RFC 6125 §6)")
    func wrongName() async throws {
        for names in [["other.test"], ["localhost.test", "*.localhost"], ["10.0.0.1"]] {
            let server = try await KamailioServer(names: names)
            defer { withExtendedLifetime(server) {} }
            let client = client()
            await client.connect(to: "wss://localhost:\(server.port)", by: trusting(server))
            let reason = await refusal(client)
            guard case .certificateRejected(let error) = reason, error.code == 62 else {
                Issue.record("\(names): \(String(describing: reason))")
                continue
            }
        }
    }

    @Test("A server that asks for a certificate gets ours, and refuses who has none")
    func clientCertificate() async throws {
        let server = try await KamailioServer(asksForCertificate: true)
        defer { withExtendedLifetime(server) {} }
        let identity = TLSContext.Identity(
            chainFile: server.folder.path + "/seat.pem", keyFile: server.folder.path + "/seat.key")
        try server.authority.issue(for: ["seat.test"]).write(to: identity.chainFile, keyTo: identity.keyFile)
        let bare = client()
        await bare.connect(to: server.uri, by: trusting(server))
        guard case .tlsFailed(.protocolViolated) = await refusal(bare) else {
            Issue.record("let in without a certificate")
            return
        }
        let client = client()
        var route = trusting(server)
        route.identity = identity
        await client.connect(to: server.uri, by: route)
        await expectRegistration(client)
    }

    @Test("A pinned key is accepted as openssl prints it; another one is not")
    func pin() async throws {
        let server = try await KamailioServer()
        defer { withExtendedLifetime(server) {} }
        var route = trusting(server)
        route.trust.pins = [try #require(PublicKeyPin(digest: [UInt8](repeating: 0, count: 32)))]
        let pinned = client()
        await pinned.connect(to: server.uri, by: route)
        #expect(await refusal(pinned) == .tlsFailed(.keyNotPinned))

        let openssl = try Program(
            [
                "/bin/sh", "-c",
                "openssl x509 -pubkey -noout -in '\(server.folder.path)/server.pem' "
                    + "| openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64",
            ], reading: .output, home: server.folder.path)
        let digest = try #require(Data(base64Encoded: try await openssl.line(containing: "=")))
        route.trust.pins.append(try #require(PublicKeyPin(digest: Array(digest))))
        let client = client()
        await client.connect(to: server.uri, by: route)
        await expectRegistration(client)
    }

    @Test("Through an HTTP proxy with its password; without it the proxy's refusal is the reason")
    func proxy() async throws {
        let server = try await KamailioServer(names: ["127.0.0.1"])
        defer { withExtendedLifetime(server) {} }
        let script = try #require(Bundle.module.resourceURL).appending(path: "peers/connect_proxy.py").path
        let proxy = try Program(
            ["/usr/bin/python3", script, "seat:hush"], reading: .output, home: server.folder.path)
        let port = try #require(UInt16(try await proxy.line(containing: "port ").dropFirst("port ".count)))
        var route = trusting(server)
        route.proxy = Proxy(host: "127.0.0.1", port: port)
        let stranger = client()
        await stranger.connect(to: server.uri, by: route)
        #expect(await refusal(stranger) == .proxyFailed(.rejected(status: 407)))

        route.proxy?.credentials = ("seat", Redacted("hush"))
        let client = client()
        await client.connect(to: server.uri, by: route)
        await expectRegistration(client)
        try await proxy.line(containing: "tunnel 127.0.0.1:\(server.port)")
    }
}
