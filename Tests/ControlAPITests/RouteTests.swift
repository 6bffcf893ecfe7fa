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
                    == .operation(operation, seat: nil, parameter: nil))
        }
        #expect(
            try Route(method: .delete, path: "/v1/tokens/abc") == .operation(.revokeToken, seat: nil, parameter: "abc"))
    }

    @Test("Below /v1/seats/ there is everything that is about a seat, for each seat")
    func seats() throws {
        let anna = try #require(SeatName("anna"))
        for operation in ControlAPI.Operation.allCases where operation.isOfSeat && !operation.path.contains("{") {
            let path = "/v1/seats/anna/" + operation.path.dropFirst("/v1/".count)
            #expect(
                try Route(method: operation.method, path: path[...])
                    == .operation(operation, seat: anna, parameter: nil))
        }
        #expect(
            try Route(method: .get, path: "/v1/seats/anna/calls/7")
                == .operation(.callState, seat: anna, parameter: "7"))
        #expect(try Route(method: .options, path: "/v1/seats/anna/call") == .options(allow: "OPTIONS, POST"))
        #expect(throws: Problem.methodNotAllowed(allow: "OPTIONS, POST")) {
            try Route(method: .get, path: "/v1/seats/anna/call")
        }
    }

    @Test(
        "A path that is not there is a 404",
        arguments: [
            "", "/", "/v1", "/v1/", "/v1/nothing", "/v1/state/", "/v1/tokens/", "/v1/tokens/a/b", "//healthz",
            "/v1/seats", "/v1/seats/", "/v1/seats/anna", "/v1/seats//state", "/v1/seats/an na/state",
            "/v1/seats/anna/tokens",
            "/v1/seats/anna/tokens/id", "/v1/seats/anna/seats/bert/state", "/v1/seats/anna/healthz",
        ])
    func unknown(path: String) {
        #expect(throws: Problem.noSuchResource) { try Route(method: .get, path: path[...]) }
        #expect(throws: Problem.noSuchResource) { try Route(method: .options, path: path[...]) }
    }

    @Test("A function of webApiHandler is the end of its path")
    func webApiHandler() throws {
        #expect(
            try Route(method: .post, path: "/v1/webApiHandler/getGroups")
                == .operation(.webApiHandler, seat: nil, parameter: "getGroups"))
        #expect(
            try Route(method: .post, path: "/v1/seats/a/webApiHandler/getGroups")
                == .operation(.webApiHandler, seat: SeatName("a"), parameter: "getGroups"))
        #expect(throws: Problem.noSuchResource) { try Route(method: .post, path: "/v1/webApiHandler") }
        #expect(throws: Problem.noSuchResource) { try Route(method: .post, path: "/v1/webApiHandler/") }
    }

    @Test("A template is a parameter's place, no path of its own")
    func template() throws {
        #expect(
            try Route(method: .delete, path: "/v1/tokens/{id}")
                == .operation(.revokeToken, seat: nil, parameter: "{id}"))
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
        #expect(try Route(method: .head, path: "/v1/state") == .operation(.state, seat: nil, parameter: nil))
        #expect(throws: Problem.methodNotAllowed(allow: "OPTIONS, POST")) {
            try Route(method: .head, path: "/v1/call")
        }
        #expect(try Route(method: .options, path: "/v1/call") == .options(allow: "OPTIONS, POST"))
        #expect(try Route(method: .options, path: "*") == .options(allow: "GET, HEAD, POST, PATCH, DELETE, OPTIONS"))
    }
}

@Suite("Names of seats")
struct SeatNameTests {
    @Test("Letters and digits of ASCII, dots, hyphens and underscores, 64 at most")
    func names() {
        for text in ["default", "a", "1006", "Anna.B_c-2", String(repeating: "x", count: 64)] {
            #expect(SeatName(text)?.text == text)
        }
        for text in ["", "an na", "ann/a", "ännä", "a\u{0}", "%61", String(repeating: "x", count: 65)] {
            #expect(SeatName(text) == nil)
        }
    }
}
