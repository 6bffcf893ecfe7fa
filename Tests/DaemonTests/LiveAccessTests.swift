import ControlAPI
import Daemon
import Foundation
import HTTPTypes
import Network
import Testing
import Wire

@Suite("Who gets in, on real sockets", .serialized, .timeLimit(.minutes(2)))
struct LiveAccessTests {
    private static let origin = "https://crm.example"

    private func house() async throws -> LiveHouse {
        try await LiveHouse.open { configuration in
            configuration.allowedOrigins = [Self.origin]
            configuration.allowedHosts = ["pbx.example"]
        }
    }

    private func expect(
        _ answer: LiveHouse.Answer, _ status: Int, _ name: String, location: SourceLocation = #_sourceLocation
    ) {
        #expect(answer.status == status, sourceLocation: location)
        #expect(answer.body["type"] == .string("urn:phonebard:problem:\(name)"), sourceLocation: location)
    }

    @Test("A page of a foreign origin gets nothing, with the right token too, over HTTP and over the WebSocket")
    func foreignOrigin() async throws {
        let house = try await house()
        for path in ["/v1/state", "/healthz", "/openapi.yaml", "/nothing"] {
            let answer = try await house.ask(.get, path, ["Origin": "https://evil.example"])
            expect(answer, 403, "origin-not-allowed")
            #expect(answer.fields[.accessControlAllowOrigin] == nil)
        }
        for (origin, reason) in [(Self.origin, nil), ("https://evil.example", 403), ("null", 403)] as [(String, Int?)] {
            let events = try LiveEvents(house, origin: origin)
            #expect(await events.open() == reason.map { .handshakeRejected(status: $0) })
            events.close()
        }
        await house.close()
    }

    @Test("A name that was rebound to loopback gets nothing; a configured one is served")
    func rebinding() async throws {
        let house = try await house()
        expect(try await house.ask(.get, "/v1/state", host: "evil.example:8460"), 403, "host-not-allowed")
        expect(try await house.ask(.get, "/healthz", host: "evil.example:8460"), 403, "host-not-allowed")
        let origin = ["Origin": "http://evil.example:8460"]
        expect(try await house.ask(.get, "/v1/state", origin, host: "evil.example:8460"), 403, "host-not-allowed")
        #expect(try await house.ask(.get, "/v1/state", host: "pbx.example").status == 200)
        #expect(try await house.ask(.get, "/v1/state", host: "localhost:1").status == 200)
        await house.close()
    }

    @Test("A preflight of an allowed origin needs no token, one of a foreign origin fails (Fetch standard)")
    func preflight() async throws {
        let house = try await house()
        var fields = [
            "Origin": Self.origin, "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Private-Network": "true",
        ]
        let answer = try await house.ask(.options, "/v1/call", fields, bearer: "")
        #expect(answer.status == 204)
        #expect(answer.fields[.accessControlAllowOrigin] == Self.origin)
        #expect(answer.fields[.accessControlAllowMethods] == "GET, HEAD, POST, PATCH, DELETE")
        #expect(answer.fields[.accessControlMaxAge] == "600")
        let consent = try #require(HTTPField.Name("Access-Control-Allow-Private-Network"))
        #expect(answer.fields[consent] == "true")

        fields["Origin"] = "https://evil.example"
        let refused = try await house.ask(.options, "/v1/call", fields, bearer: "")
        expect(refused, 403, "origin-not-allowed")
        #expect(refused.fields[.accessControlAllowOrigin] == nil)
        #expect(refused.fields[consent] == nil)
        await house.close()
    }

    @Test("Answers to a page name its origin, errors too, and all answers say that they vary with it")
    func crossOriginAnswers() async throws {
        let house = try await house()
        for bearer in [house.token, "wrong"] {
            let answer = try await house.ask(.get, "/v1/state", ["Origin": Self.origin], bearer: bearer)
            #expect(answer.status == (bearer == "wrong" ? 401 : 200))
            #expect(answer.fields[.accessControlAllowOrigin] == Self.origin)
            #expect(answer.fields[.vary] == "Origin")
        }
        let plain = try await house.get("state")
        #expect(plain.fields[.accessControlAllowOrigin] == nil)
        #expect(plain.fields[.vary] == "Origin")
        await house.close()
    }

    @Test("Wrong tokens are braked with 429 and Retry-After; on loopback the right one still opens (RFC 6585 §4)")
    func brake() async throws {
        let house = try await house()
        for _ in 1...10 { expect(try await house.get("state", token: "wrong"), 401, "unauthorized") }
        let braked = try await house.get("state", token: "wrong")
        expect(braked, 429, "too-many-attempts")
        #expect(braked.fields[.retryAfter].flatMap { Int($0) }.map { 1...6 ~= $0 } == true)
        #expect(await (try LiveEvents(house, token: "wrong")).open() == .handshakeRejected(status: 429))
        #expect(try await house.get("state").status == 200)
        #expect(!house.log.text.contains(house.token))
        await house.close()
    }

    @Test(
        "A token in a URL is refused, however its name is written",
        arguments: ["token", "access_token", "%74oken", "Token"])
    func tokenInURL(name: String) async throws {
        let house = try await house()
        expect(try await house.ask(.get, "/v1/state?\(name)=\(house.token)"), 400, "token-in-url")
        #expect(!house.log.text.contains(house.token))
        await house.close()
    }

    @Test("What a token may do is what its scopes say; a 403 names the missing one (RFC 6750 §3.1)")
    func scopes() async throws {
        let house = try await house()
        let answer = try await house.post("tokens", ["name": "wallboard", "scopes": ["read"]])
        #expect(answer.status == 201)
        let reader = try #require(answer.body["token"]?.string)
        #expect(try await house.get("state", token: reader).status == 200)
        for (refused, scope) in [
            (try await house.post("call", ["number": "10010"], token: reader), "call"),
            (try await house.get("tokens", token: reader), "admin"),
        ] {
            expect(refused, 403, "insufficient-scope")
            #expect(refused.body["scope"] == .string(scope))
            #expect(refused.fields[.wwwAuthenticate]?.hasSuffix(#"scope="\#(scope)""#) == true)
        }
        expect(try await house.get("nothing", token: reader), 404, "no-such-resource")
        await house.close()
    }

    @Test("A token is listed without itself, and opens nothing once it is revoked")
    func tokens() async throws {
        let house = try await house()
        let created = try await house.post("tokens", ["name": "crm", "scopes": ["call", "read"]]).body
        let id = try #require(created["id"]?.string)
        let secret = try #require(created["token"]?.string)
        #expect(try await house.get("checkLogin", token: secret).status == 200)
        let listed = try await house.get("tokens").body["tokens"]?.array ?? []
        #expect(listed.map { $0["name"] } == ["first start", "crm"])
        #expect(listed.last?["scopes"] == ["read", "call"])
        #expect(listed.last?["lastUsed"]?.string != nil)
        #expect(listed.allSatisfy { $0["token"] == nil })
        #expect(try await house.ask(.delete, "/v1/tokens/\(id)").status == 204)
        expect(try await house.ask(.delete, "/v1/tokens/\(id)"), 404, "no-such-token")
        expect(try await house.get("checkLogin", token: secret), 401, "unauthorized")
        expect(try await house.post("tokens", ["name": "x", "scopes": ["root"]]), 400, "invalid-parameter")
        await house.close()
    }

    @Test("What another process does to the tokens is true at once")
    func otherProcess() async throws {
        let house = try await house()
        let store = try TokenStore(directory: house.stateDirectory)
        let created = try store.create(TokenRequest(name: "other", scopes: [.read]))
        #expect(try await house.get("state", token: created.secret.value).status == 200)
        try store.revoke(created.token.id)
        expect(try await house.get("state", token: created.secret.value), 401, "unauthorized")

        try store.revoke(TokenRegistry.firstStart)
        #expect(!FileManager.default.fileExists(atPath: house.tokenFile))
        expect(try await house.get("state"), 401, "unauthorized")
        await house.close()
    }

    @Test("Token files that others may read grant nothing")
    func exposedFile() async throws {
        let house = try await house()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: house.tokenFile)
        expect(try await house.get("state"), 401, "unauthorized")
        #expect(house.log.text.contains("chmod 600"))
        #expect(throws: TokenStore.Failure.self) { try TokenStore(directory: house.stateDirectory) }
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: house.tokenFile)
        #expect(try await house.get("state").status == 200)
        await house.close()
    }

    @Test("Token files that could not be read for a while are read again, though nobody changed them")
    func unreadableFile() async throws {
        let house = try await house()
        let store = try TokenStore(directory: house.stateDirectory)
        let created = try store.create(TokenRequest(name: "other", scopes: [.read]))
        let path = house.stateDirectory + "/tokens.json"
        // As by somebody who rotates files: for a moment there is a folder of that name.
        try FileManager.default.moveItem(atPath: path, toPath: path + ".old")
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path + ".old")
        expect(try await house.get("state", token: created.secret.value), 401, "unauthorized")
        expect(try await house.get("state"), 401, "unauthorized")
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: path + ".old", toPath: path)
        #expect(try await house.get("state", token: created.secret.value).status == 200)
        await house.close()
    }

    @Test("The daemon's own user needs no token over the Unix socket, and any Host will do")
    func ownUser() async throws {
        let house = try await house()
        let answer = try await house.ask(.get, "/v1/tokens", host: "phonebard", bearer: "", over: house.socket)
        #expect(answer.status == 200)
        expect(
            try await house.ask(.get, "/v1/state", ["Origin": "https://evil.example"], bearer: "", over: house.socket),
            403, "origin-not-allowed")
        await house.close()
    }

    @Test(
        "Another user over the Unix socket needs a token", .enabled(if: geteuid() == 0, "only root can be another user")
    )
    func otherUser() async throws {
        let house = try await house()
        for folder in [URL(filePath: house.socket).deletingLastPathComponent().deletingLastPathComponent().path] {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder + "/run")
        }
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: house.socket)
        #expect(try await house.statusForNobody(token: nil) == "401")
        #expect(try await house.statusForNobody(token: "wrong") == "401")
        #expect(try await house.statusForNobody(token: house.token) == "200")
        await house.close()
    }

    @Test("Health, readiness and the contract need no token, and the contract is not sent twice (RFC 9110 §13.1.2)")
    func open() async throws {
        let house = try await house()
        #expect(try await house.ask(.get, "/healthz", bearer: "").body == ["status": "ok"])
        #expect(try await house.ask(.get, "/readyz", bearer: "").body == ["status": "ready"])
        let contract = try await house.ask(.get, "/openapi.yaml", bearer: "")
        #expect(contract.status == 200)
        #expect(contract.fields[.contentType] == "application/yaml")
        let tag = try #require(contract.fields[.eTag])
        let again = try await house.ask(.get, "/openapi.yaml", ["If-None-Match": tag], bearer: "")
        #expect(again.status == 304)
        #expect(again.fields[.eTag] == tag)
        await house.close()
    }

    @Test("HEAD is answered without a body, OPTIONS with the methods (RFC 9110 §9.3)")
    func headAndOptions() async throws {
        let house = try await house()
        let head = try await house.ask(.head, "/v1/state")
        #expect(head.status == 200)
        #expect(head.fields[.contentType] == "application/json")
        let options = try await house.ask(.options, "/v1/tokens")
        #expect(options.status == 204)
        #expect(options.fields[.allow] == "GET, HEAD, OPTIONS, POST")
        expect(try await house.ask(.options, "/v1/tokens", bearer: ""), 401, "unauthorized")
        expect(try await house.ask(.get, "/v1/%zz"), 400, "malformed-target")
        await house.close()
    }
}

extension LiveHouse {
    /// A request as it is told to be, with the right token unless another is given.
    func ask(
        _ method: HTTPRequest.Method, _ path: String, _ fields: [String: String] = [:], host: String? = nil,
        bearer: String? = nil, over socket: String? = nil
    ) async throws -> Answer {
        let bearer = bearer ?? token
        var lines = ["\(method.rawValue) \(path) HTTP/1.1", "Host: \(host ?? "127.0.0.1")", "Connection: close"]
        lines += fields.map { "\($0.key): \($0.value)" }
        if !bearer.isEmpty { lines.append("Authorization: Bearer \(bearer)") }
        let text = (lines + ["", ""]).joined(separator: "\r\n")
        return try await LivePython.ask(text, at: socket ?? String(url.dropFirst("http://127.0.0.1:".count)))
    }

    /// The status a process of the user `nobody` gets over the Unix socket.
    func statusForNobody(token: String?) async throws -> String {
        let field = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        let text = "GET /v1/state HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(field)\r\n"
        return String(try await LivePython.ask(text, at: socket, as: 65534).status)
    }
}
