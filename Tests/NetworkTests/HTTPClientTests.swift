import Crypto
import Foundation
import Glibc
import HTTP
import HTTPTypes
import Network
import Testing
import Wire

private typealias Outcome = Result<ResponseParser.Response, HTTPClient.Failure>

private func get(
    _ url: String, trust: TLSContext.Trust = .system, timeLimit: Duration = .seconds(10)
) async throws -> Outcome {
    let mailbox = Mailbox<Outcome>()
    HTTPClient(trust: trust, timeLimit: timeLimit, bodyLimit: 1000).send(.get, Redacted(url)) { mailbox.post($0) }
    return try await mailbox.next()
}

private func failure(of outcome: Outcome) -> HTTPClient.Failure? {
    if case .failure(let failure) = outcome { failure } else { nil }
}

@Suite(.timeLimit(.minutes(1)))
struct HTTPClientTests {
    @Test("A document comes over TLS from a trusted server, and not from another (RFC 9110 §4.3.4)")
    func overTLS() async throws {
        let certificates = try Certificates(for: ["localhost"])
        let server = HTTPServer(
            configuration: HTTPServer.Configuration(
                endpoints: [Endpoint(.loopback4, port: 0)], tls: certificates.context),
            logger: .silent
        ) { request, responder in
            responder.respond(HTTPResponse(status: .accepted), body: Array((request.head.path ?? "").utf8))
        }
        let port = try #require(try server.start().first).port
        let trust = TLSContext.Trust.authorities(file: certificates.authorityFile)
        let response = try await get("https://localhost:\(port)/a?b", trust: trust).get()
        #expect(response.status == 202)
        #expect(response.body == Array("/a?b".utf8))
        for (host, trust) in [("127.0.0.1", trust), ("localhost", .system)] {
            guard
                case .dial(.certificateRejected) = failure(of: try await get("https://\(host):\(port)/", trust: trust))
            else {
                Issue.record("\(host) was believed")
                continue
            }
        }
        await server.stop()
        #expect(failure(of: try await get("https://localhost:\(port)/", trust: trust)) == .dial(.refused))
    }

    @Test("A URL that is none, a name that is none and a server that says nothing each have their own reason")
    func failures() async throws {
        let silent = try ListeningSocket(on: Endpoint(.loopback4, port: 0))
        #expect(failure(of: try await get("ftp://a/")) == .invalidURL)
        #expect(failure(of: try await get("http://a..b/")) == .dial(.dnsFailed))
        let url = "http://127.0.0.1:\(try #require(silent.localEndpoint).port)/"
        #expect(failure(of: try await get(url, timeLimit: .milliseconds(100))) == .timedOut)
    }

    @Test("A request goes over a Unix socket, with the URL's host in its Host field; without the socket it says why")
    func unixSocket() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.path + "/socket"
        let server = HTTPServer(
            configuration: HTTPServer.Configuration(listeners: [.unix(path: path)]), logger: .silent
        ) { request, responder in
            guard case .process(let peer) = request.peer else { return }
            let text = "\(request.head.authority ?? "") \(peer.userID == geteuid())"
            responder.respond(HTTPResponse(status: .ok), body: Array(text.utf8))
        }
        _ = try server.start()
        let client = HTTPClient(trust: .system, unixSocket: path)
        let mailbox = Mailbox<Outcome>()
        client.send(.get, Redacted("http://localhost/")) { mailbox.post($0) }
        #expect(try await mailbox.next().get().body == Array("localhost true".utf8))
        await server.stop()
        client.send(.get, Redacted("http://localhost/")) { mailbox.post($0) }
        #expect(failure(of: try await mailbox.next()) == .dial(.network(SystemError(call: .connect, code: ENOENT))))
    }
}
