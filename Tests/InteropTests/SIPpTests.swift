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

    private func registered(at server: KamailioServer) async -> KamailioClient {
        let client = KamailioClient(user: "alice", password: "alicepw")
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
}
