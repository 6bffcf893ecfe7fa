import Crypto
import Network
import SIP
import Testing
import Wire

@Suite("SIP over secure WebSocket with Kamailio (RFC 7118)", .serialized, .timeLimit(.minutes(1)))
struct KamailioTests {
    @Test("REGISTER with digest, MESSAGE to ourselves and back, and out again")
    func registerAndMessage() async throws {
        let server = try await KamailioServer()
        let client = KamailioClient(user: "alice", password: "alicepw")
        await client.connect(to: server, trust: .authorities(file: server.authorityFile))
        let subprotocol = await client.next { fact in
            if case .opened(let subprotocol) = fact { subprotocol } else { nil }
        }
        #expect(subprotocol == "sip")

        await client.handle(.register(expires: .seconds(120)))
        let registered = await client.next(Self.registration)
        guard case .registered = registered else {
            Issue.record("\(String(describing: registered))")
            return
        }

        await client.handle(
            .send(
                RequestID(1), .message, target: URI(user: "alice", host: "lab.test"),
                headers: [.contentType: "text/plain;charset=utf-8"], body: [UInt8]("你好, alice".utf8)))
        let received = await client.next { fact in
            if case .agent(.request(let token, let request)) = fact { (token, request) } else { nil }
        }
        let (token, request) = try #require(received)
        #expect(request.method == .message)
        #expect(request.text == "你好, alice")
        await client.handle(.respond(token, status: 200))
        let response = await client.next { fact in
            if case .agent(.response(RequestID(1), let response)) = fact { response } else { nil }
        }
        #expect(response?.status == 200)

        await client.handle(.unregister)
        #expect(await client.next(Self.registration) == .unregistered)
    }

    @Test("A wrong password is a refused registration, not an endless exchange of challenges")
    func wrongPassword() async throws {
        let server = try await KamailioServer()
        let client = KamailioClient(user: "alice", password: "bobpw")
        await client.connect(to: server, trust: .authorities(file: server.authorityFile))
        await client.handle(.register(expires: .seconds(120)))
        let outcome = await client.next(Self.registration)
        guard case .failed(.rejected(status: 401, _), until: nil, retry: nil) = outcome else {
            Issue.record("\(String(describing: outcome))")
            return
        }
    }

    @Test("A server whose authority is not trusted is not connected to")
    func untrusted() async throws {
        let server = try await KamailioServer()
        let client = KamailioClient(user: "alice", password: "alicepw")
        await client.connect(to: server, trust: .system)
        let reason = await client.next { fact in if case .closed(let reason) = fact { reason } else { nil } }
        guard case .certificateRejected = reason else {
            Issue.record("\(String(describing: reason))")
            return
        }
    }

    /// The next state of the registration that is not on its way to another.
    private static func registration(_ fact: KamailioClient.Fact) -> Registration.State? {
        guard case .agent(.registration(let state)) = fact else { return nil }
        switch state {
        case .registering, .refreshing, .unregistering: return nil
        case .registered, .unregistered, .failed: return state
        }
    }
}
