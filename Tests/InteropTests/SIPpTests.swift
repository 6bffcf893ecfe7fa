import Crypto
import Foundation
import Network
import SIP
import Testing
import Wire

/// Our user agent on a secure WebSocket, Kamailio in between, SIPp over UDP at the other end.
@Suite("Calls with SIPp behind Kamailio", .serialized, .timeLimit(.minutes(1)))
struct SIPpTests {
    private static let sdp = Array("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n".utf8)
    private static let described: Headers = [.contentType: "application/sdp"]

    private func registered(at server: KamailioServer, instanceID: String? = nil) async -> KamailioClient {
        let client = KamailioClient(user: "alice", password: "alicepw", instanceID: instanceID)
        await client.connect(to: server.uri, by: ServerRoute(trust: .authorities(file: server.authorityFile)))
        await client.handle(.register(expires: .seconds(120)))
        guard case .registered = await client.registration() else {
            Issue.record("not registered")
            return client
        }
        return client
    }

    private func sipp(_ scenario: String, _ arguments: String..., at port: UInt16, _ server: KamailioServer) throws
        -> Program
    {
        let file = try #require(Bundle.module.resourceURL).appending(path: "peers/" + scenario).path
        return try Program(
            [
                "/usr/bin/sipp", "-sf", file, "-i", "127.0.0.1", "-p", "\(port)", "-m", "1", "-nostdin", "-timeout",
                "30",
                "-timeout_error",
            ] + arguments, reading: .output, home: server.folder.path)
    }

    /// What is sent to a port before SIPp listens there is lost.
    private func listens(on port: UInt16) async throws {
        let digits = String(port, radix: 16, uppercase: true)
        let entry = ":" + String(repeating: "0", count: 4 - digits.count) + digits + " "
        let limit = MonotonicClock.now + .seconds(20)
        // It says that it is empty, and is read to its end all the same.
        let table = URL(filePath: "/proc/net/udp")
        while let text = try FileHandle(forReadingFrom: table).readToEnd(),
            !String(decoding: text, as: UTF8.self).contains(entry)
        {
            try #require(MonotonicClock.now < limit, "SIPp does not listen")
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    private func response(_ id: RequestID, _ client: KamailioClient) async -> Int? {
        await client.output { if case .response(id, let response) = $0 { response.status } else { nil } }
    }

    @Test("We call, send a re-INVITE and a MESSAGE in the call, and hang up")
    func calling() async throws {
        let port = try KamailioServer.freePort(.datagram)
        let server = try await KamailioServer(sippPort: port)
        defer { withExtendedLifetime(server) {} }
        let client = await registered(at: server)
        let sipp = try sipp("sipp-uas.xml", at: port, server)
        try await listens(on: port)

        let call = CallHandle.outgoing(1)
        let target = URI(user: "sipp", host: "lab.test")
        await client.handle(.invite(call, target: target, headers: Self.described, body: Self.sdp))
        let ringing = await client.output {
            if case .callProgress(call, let response) = $0 { response.status } else { nil }
        }
        #expect(ringing == 180)
        let answer = await client.output { if case .callAnswered(call, let response) = $0 { response } else { nil } }
        #expect(answer?.text.contains("m=audio 6000") == true)

        let (again, message) = (RequestID(1), RequestID(2))
        await client.handle(.sendInCall(call, again, .invite, headers: Self.described, body: Self.sdp))
        #expect(await response(again, client) == 200)
        await client.handle(.sendInCall(call, message, .message, headers: [.contentType: "text/plain"], body: [0x41]))
        #expect(await response(message, client) == 200)
        await client.handle(.hangUp(call))
        let end = await client.output { if case .callEnded(call, let end) = $0 { end } else { nil } }
        #expect(end == .hungUp)
        #expect(await sipp.end().contains(#/Successful call +\| +[01] +\| +1 /#), "\(sipp.said)")
    }

    @Test("We are called, take a re-INVITE and a MESSAGE in the call, and are hung up on")
    func called() async throws {
        let port = try KamailioServer.freePort(.datagram)
        let server = try await KamailioServer(sippPort: port)
        defer { withExtendedLifetime(server) {} }
        let client = await registered(at: server)
        let sipp = try sipp("sipp-uac.xml", "-s", "alice", "127.0.0.1:\(server.plainPort)", at: port, server)

        let offered = await client.output { output in
            if case .incomingCall(let call, let request) = output { (call, request) } else { nil }
        }
        let (call, invite) = try #require(offered)
        #expect(invite.text.contains("m=audio 6000"))
        await client.handle(.answer(call, status: 180))
        await client.handle(.answer(call, status: 200, headers: Self.described, body: Self.sdp))
        #expect(await client.output { if case .callConfirmed(call, _) = $0 { true } else { nil } } == true)

        let update = await client.output { output in
            if case .callUpdate(call, let token, let request) = output { (token, request) } else { nil }
        }
        let (token, request) = try #require(update)
        #expect(request.text.contains("a=sendonly"))
        await client.handle(.respond(token, status: 200, headers: Self.described, body: Self.sdp))
        let message = await client.output { output in
            if case .callRequest(call, let token, let request) = output { (token, request) } else { nil }
        }
        let (messageToken, text) = try #require(message)
        #expect(text.text == "hello")
        await client.handle(.respond(messageToken, status: 200))
        let isBye = await client.output { output in
            if case .callEnded(call, let end) = output { if case .bye = end { true } else { false } } else { nil }
        }
        #expect(isBye == true)
        #expect(await sipp.end().contains(#/Successful call +\| +[01] +\| +1 /#), "\(sipp.said)")
    }

    @Test("We are sent elsewhere by REFER in a call, and say how that goes (RFC 3515)")
    func referred() async throws {
        let port = try KamailioServer.freePort(.datagram)
        let server = try await KamailioServer(sippPort: port)
        defer { withExtendedLifetime(server) {} }
        let client = await registered(at: server)
        let sipp = try sipp("sipp-refer.xml", "-s", "alice", "127.0.0.1:\(server.plainPort)", at: port, server)

        let call = try #require(
            await client.output { output in if case .incomingCall(let call, _) = output { call } else { nil } })
        await client.handle(.answer(call, status: 180))
        await client.handle(.answer(call, status: 200, headers: Self.described, body: Self.sdp))
        let asked = await client.output { output in
            if case .callRequest(call, let token, let request) = output { (token, request) } else { nil }
        }
        let (token, refer) = try #require(asked)
        #expect(refer.method == .refer)
        #expect(refer.referTo?.uri == URI(user: "carol", host: "lab.test"))
        await client.handle(.respond(token, status: 202))
        await client.handle(.notifyReferral(token, status: 200))
        let isBye = await client.output { output in
            if case .callEnded(call, let end) = output { if case .bye = end { true } else { false } } else { nil }
        }
        #expect(isBye == true)
        #expect(await sipp.end().contains(#/Successful call +\| +[01] +\| +1 /#), "\(sipp.said)")
    }

    @Test("We send the other side elsewhere by REFER, and hear by NOTIFY how that goes (RFC 3515)")
    func referring() async throws {
        let port = try KamailioServer.freePort(.datagram)
        let server = try await KamailioServer(sippPort: port)
        defer { withExtendedLifetime(server) {} }
        let client = await registered(at: server)
        let sipp = try sipp("sipp-referred.xml", at: port, server)
        try await listens(on: port)
        let call = try await answered(client)

        let refer = RequestID(1)
        let headers: Headers = ["Refer-To": "<sip:carol@lab.test>", "Referred-By": "<sip:alice@lab.test>"]
        await client.handle(.sendInCall(call, refer, .refer, headers: headers))
        #expect(await response(refer, client) == 202)
        var news: [Int] = []
        let isOver = await client.output { output in
            if case .referralProgress(refer, let fragment) = output { news.append(fragment.status) }
            return if case .referralEnded(refer) = output { true } else { nil }
        }
        #expect(isOver == true)
        #expect(news == [100, 200])
        await client.handle(.hangUp(call))
        #expect(await sipp.end().contains(#/Successful call +\| +[01] +\| +1 /#), "\(sipp.said)")
    }

    @Test("MESSAGE to SIPp and from it, outside any call (RFC 3428)")
    func messages() async throws {
        let port = try KamailioServer.freePort(.datagram)
        let server = try await KamailioServer(sippPort: port)
        defer { withExtendedLifetime(server) {} }
        let client = await registered(at: server)
        let sipp = try sipp("sipp-message.xml", at: port, server)
        try await listens(on: port)
        let message = RequestID(1)
        await client.handle(
            .send(
                message, .message, target: URI(user: "sipp", host: "lab.test"), headers: [.contentType: "text/plain"],
                body: Array("over to you".utf8)))
        // Its own may overtake its answer to ours.
        var (status, received): (Int?, (token: RequestToken, request: Request)?)
        _ = await client.output { output in
            switch output {
            case .response(message, let response): status = response.status
            case .request(let token, let request): received = (token, request)
            default: break
            }
            return status != nil && received != nil ? true : nil
        }
        #expect(status == 200)
        let (token, request) = try #require(received)
        #expect(request.method == .message)
        #expect(request.text == "and back")
        await client.handle(.respond(token, status: 200))
        #expect(await sipp.end().contains(#/Successful call +\| +[01] +\| +1 /#), "\(sipp.said)")
    }

    @Test("A call goes on over a new connection: its Contact is a GRUU, which Kamailio knows the way to (RFC 5627)")
    func gruu() async throws {
        let port = try KamailioServer.freePort(.datagram)
        let server = try await KamailioServer(sippPort: port)
        defer { withExtendedLifetime(server) {} }
        let client = await registered(at: server, instanceID: "urn:uuid:00000000-0000-1000-8000-000a95a0e128")
        let sipp = try sipp("sipp-gruu.xml", at: port, server)
        try await listens(on: port)
        let call = try await answered(client)

        await client.disconnect()
        await client.connect(to: server.uri, by: ServerRoute(trust: .authorities(file: server.authorityFile)))
        _ = await client.registration()
        guard case .registered = await client.registration() else {
            Issue.record("not registered again")
            return
        }
        let message = RequestID(1)
        await client.handle(.sendInCall(call, message, .message, headers: [.contentType: "text/plain"], body: [0x41]))
        #expect(await response(message, client) == 200)
        let received = await client.output { output in
            if case .callRequest(call, let token, let request) = output { (token, request) } else { nil }
        }
        let (token, request) = try #require(received)
        #expect(request.text == "still there")
        await client.handle(.respond(token, status: 200))
        let isBye = await client.output { output in
            if case .callEnded(call, let end) = output { if case .bye = end { true } else { false } } else { nil }
        }
        #expect(isBye == true)
        #expect(await sipp.end().contains(#/Successful call +\| +[01] +\| +1 /#), "\(sipp.said)")
    }

    /// A call of ours to SIPp that it has answered.
    private func answered(_ client: KamailioClient) async throws -> CallHandle {
        let call = CallHandle.outgoing(1)
        await client.handle(
            .invite(call, target: URI(user: "sipp", host: "lab.test"), headers: Self.described, body: Self.sdp))
        let answer = await client.output { if case .callAnswered(call, let response) = $0 { response } else { nil } }
        _ = try #require(answer)
        return call
    }
}
