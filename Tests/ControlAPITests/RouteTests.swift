import HTTPTypes
import Testing

@testable import ControlAPI

@Suite("Routes")
struct RouteTests {
    @Test("Every operation is found by its method and path, and no two are the same")
    func allOperations() throws {
        let names = ControlAPI.Operation.allCases.map { "\($0.method) \($0.path)" }
        #expect(Set(names).count == names.count)
        for operation in ControlAPI.Operation.allCases where !operation.path.contains("{") {
            #expect(
                try Route(method: operation.method, path: operation.path[...])
                    == .operation(operation, parameter: nil))
        }
        #expect(
            try Route(method: .delete, path: "/v1/tokens/abc") == .operation(.revokeToken, parameter: "abc"))
    }

    @Test(
        "A path that is not there is a 404",
        arguments: ["", "/", "/v1", "/v1/", "/v1/nothing", "/v1/state/", "/v1/tokens/", "/v1/tokens/a/b", "//healthz"])
    func unknown(path: String) {
        #expect(throws: Problem.noSuchResource) { try Route(method: .get, path: path[...]) }
        #expect(throws: Problem.noSuchResource) { try Route(method: .options, path: path[...]) }
    }

    @Test("A function of webApiHandler is the end of its path")
    func webApiHandler() throws {
        #expect(
            try Route(method: .post, path: "/v1/webApiHandler/getGroups")
                == .operation(.webApiHandler, parameter: "getGroups"))
        #expect(throws: Problem.noSuchResource) { try Route(method: .post, path: "/v1/webApiHandler") }
        #expect(throws: Problem.noSuchResource) { try Route(method: .post, path: "/v1/webApiHandler/") }
    }

    @Test("A template is a parameter's place, no path of its own")
    func template() throws {
        #expect(
            try Route(method: .delete, path: "/v1/tokens/{id}") == .operation(.revokeToken, parameter: "{id}"))
    }

    @Test("Another method is a 405 that says which are allowed (RFC 9110 §15.5.6)")
    func wrongMethod() {
        for (path, allow) in [
            ("/v1/call", "OPTIONS, POST"), ("/v1/state", "GET, HEAD, OPTIONS"),
            ("/v1/tokens", "GET, HEAD, OPTIONS, POST"), ("/v1/tokens/abc", "DELETE, OPTIONS"),
        ] {
            #expect(throws: Problem.methodNotAllowed(allow: allow)) { try Route(method: .put, path: path[...]) }
        }
    }

    @Test("HEAD is answered where GET is, OPTIONS everywhere (RFC 9110 §9.3.2, §9.3.7)")
    func headAndOptions() throws {
        #expect(try Route(method: .head, path: "/v1/state") == .operation(.state, parameter: nil))
        #expect(throws: Problem.methodNotAllowed(allow: "OPTIONS, POST")) {
            try Route(method: .head, path: "/v1/call")
        }
        #expect(try Route(method: .options, path: "/v1/call") == .options(allow: "OPTIONS, POST"))
        #expect(try Route(method: .options, path: "*") == .options(allow: "GET, HEAD, POST, DELETE, OPTIONS"))
    }
}
