import HTTPTypes
import Testing

@testable import ControlAPI

@Suite("CORS (Fetch standard)")
struct CrossOriginTests {
    private func head(_ method: HTTPRequest.Method, _ fields: HTTPFields) -> HTTPRequest {
        HTTPRequest(method: method, scheme: "http", authority: "localhost", path: "/v1/call", headerFields: fields)
    }

    @Test("OPTIONS with an origin and a requested method is a preflight, and nothing else is")
    func isPreflight() {
        let fields: HTTPFields = [.origin: "https://crm.example", .accessControlRequestMethod: "POST"]
        #expect(CrossOrigin.isPreflight(head(.options, fields)))
        #expect(!CrossOrigin.isPreflight(head(.post, fields)))
        #expect(!CrossOrigin.isPreflight(head(.options, [.origin: "https://crm.example"])))
        #expect(!CrossOrigin.isPreflight(head(.options, [.accessControlRequestMethod: "POST"])))
    }

    @Test("A preflight's answer names the origin, the methods and the fields, and is kept ten minutes")
    func preflight() {
        #expect(
            CrossOrigin.preflightFields(for: head(.options, [:]), origin: "https://crm.example") == [
                .accessControlAllowOrigin: "https://crm.example",
                .accessControlAllowMethods: "GET, HEAD, POST, PATCH, DELETE",
                .accessControlAllowHeaders:
                    "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID",
                .accessControlMaxAge: "600",
                .vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            ])
    }

    @Test("A public page asks whether it may reach loopback, and an allowed one may", arguments: ["Private", "Local"])
    func network(kind: String) throws {
        let request = try #require(HTTPField.Name("Access-Control-Request-\(kind)-Network"))
        let allow = try #require(HTTPField.Name("Access-Control-Allow-\(kind)-Network"))
        let fields = CrossOrigin.preflightFields(for: head(.options, [request: "true"]), origin: "https://crm.example")
        #expect(fields[allow] == "true")
        #expect(fields.count == 6)
    }

    @Test("Other answers name the origin too, and always say that they depend on it")
    func answers() {
        #expect(CrossOrigin.fields(origin: nil) == [.vary: "Origin"])
        #expect(
            CrossOrigin.fields(origin: "https://crm.example") == [
                .accessControlAllowOrigin: "https://crm.example",
                .accessControlExposeHeaders: "Allow, ETag, Retry-After, WWW-Authenticate",
                .vary: "Origin",
            ])
    }
}
