import HTTPTypes
import Testing
import Wire

@testable import ControlAPI

@Suite("Tokens")
struct TokenRegistryTests {
    private func registry(_ names: String...) throws -> (TokenRegistry, [TokenRegistry.Created]) {
        var registry = TokenRegistry()
        var randomness = Randomness.seeded(7)
        var created: [TokenRegistry.Created] = []
        for name in names {
            let request = try TokenRequest(name: name, scopes: [.call, .read])
            created.append(try registry.create(request, at: 1_760_000_000, using: &randomness))
        }
        return (registry, created)
    }

    @Test("A token of 256 random bits is known by its digest alone, and shown without it")
    func create() throws {
        let (registry, created) = try registry("crm", "wallboard")
        let crm = try #require(created.first)
        #expect(crm.secret.value.count == 43)
        #expect(registry.token(for: crm.secret) == crm.token)
        #expect(registry.token(for: Redacted(crm.secret.value + "x")) == nil)
        #expect(registry.token(for: Redacted("")) == nil)
        #expect(
            crm.token.json == [
                "id": .string(crm.token.id), "name": "crm", "scopes": ["read", "call"],
                "created": "2025-10-09T08:53:20Z", "lastUsed": nil,
            ])
    }

    @Test("A revoked token opens nothing, and what is not there cannot be revoked")
    func revoke() throws {
        var (registry, created) = try registry("crm", "wallboard")
        try registry.revoke(created[0].token.id)
        #expect(registry.token(for: created[0].secret) == nil)
        #expect(registry.token(for: created[1].secret) == created[1].token)
        #expect(throws: Problem.noSuchToken) { try registry.revoke(created[0].token.id) }
    }

    @Test("The file gives back the same tokens and holds neither a secret nor the first start's token")
    func file() throws {
        var (registry, created) = try registry("crm", "wallboard")
        registry.used(created[1].token.id, at: 1_760_000_100)
        let saved = registry
        registry.adopt(firstStart: Redacted("first"), created: 1_750_000_000)
        let text = String(decoding: registry.file, as: UTF8.self)
        #expect(!text.contains(created[0].secret.value))
        #expect(!text.contains(TokenRegistry.firstStart))
        #expect(try TokenRegistry(file: registry.file.span) == saved)
    }

    @Test(
        "A damaged file is refused as a whole",
        arguments: [
            "", "[]", "{", #"{"tokens":[{"id":"a"}]}"#,
            #"{"tokens":[{"id":"a","name":"n","scopes":["read"],"sha256":"00","created":1}]}"#,
            #"{"tokens":[{"id":"a","name":"n","scopes":["read"],"sha256":"zz","created":1}]}"#,
        ])
    func damagedFile(text: String) {
        #expect(throws: TokenRegistry.Failure.malformed) { try TokenRegistry(file: Array(text.utf8).span) }
    }

    @Test("A scope of a later version grants nothing")
    func unknownScope() throws {
        let digest = String(repeating: "0", count: 64)
        let text = """
            {"tokens":[{"id":"a","name":"n","scopes":["read","future"],"sha256":"\(digest)","created":1},
            {"id":"b","name":"n","scopes":["future"],"sha256":"\(digest)","created":1}]}
            """
        let registry = try TokenRegistry(file: Array(text.utf8).span)
        #expect(registry.tokens.map(\.id) == ["a"])
        #expect(registry.tokens.map(\.scopes) == [[.read]])
    }

    @Test("The first start's token may do everything; another in its place ends it")
    func firstStart() throws {
        var registry = TokenRegistry()
        registry.adopt(firstStart: Redacted("one"), created: 1)
        #expect(registry.token(for: Redacted("one"))?.scopes == [.admin])
        registry.used(TokenRegistry.firstStart, at: 5)
        registry.adopt(firstStart: Redacted("one"), created: 1)
        #expect(registry.tokens.map(\.lastUsed) == [5])
        registry.adopt(firstStart: Redacted("two"), created: 2)
        #expect(registry.token(for: Redacted("one")) == nil)
        #expect(registry.tokens.map(\.lastUsed) == [nil])
    }

    @Test("The last use never moves back")
    func lastUse() throws {
        var (registry, created) = try registry("crm")
        registry.used(created[0].token.id, at: 20)
        registry.used(created[0].token.id, at: 10)
        registry.used("unknown", at: 30)
        #expect(registry.tokens.map(\.lastUsed) == [20])
    }

    @Test("There are a hundred tokens at most")
    func limit() throws {
        var randomness = Randomness.seeded(1)
        var registry = TokenRegistry()
        let request = try TokenRequest(name: "n", scopes: [.read])
        for _ in 1...100 { _ = try registry.create(request, at: 0, using: &randomness) }
        #expect(throws: Problem.tooManyTokens) { _ = try registry.create(request, at: 0, using: &randomness) }
    }

    @Test("createToken takes a name and a list of scopes")
    func request() throws {
        let body = #"{"name":"crm","scopes":["read","call"]}"#
        #expect(try TokenRequest(body: Array(body.utf8).span) == TokenRequest(name: "crm", scopes: [.read, .call]))
    }

    @Test(
        "createToken names the parameter that is missing or unusable",
        arguments: [
            (#"{"scopes":["read"]}"#, Problem.missingParameter("name")),
            (#"{"name":"a\nb","scopes":["read"]}"#, .invalidParameter("name")),
            ("{\"name\":\"\(String(repeating: "a", count: 65))\",\"scopes\":[\"read\"]}", .invalidParameter("name")),
            (#"{"name":"a"}"#, .missingParameter("scopes")),
            (#"{"name":"a","scopes":[]}"#, .invalidParameter("scopes")),
            (#"{"name":"a","scopes":"read"}"#, .invalidParameter("scopes")),
            (#"{"name":"a","scopes":["read",1]}"#, .invalidParameter("scopes")),
            (#"{"name":"a","scopes":["root"]}"#, .invalidParameter("scopes")),
        ])
    func badRequest(body: String, problem: Problem) {
        #expect(throws: problem) { try TokenRequest(body: Array(body.utf8).span) }
    }
}

@Suite("Scopes")
struct ScopeTests {
    @Test("A scope allows itself, admin everything, and no scope another")
    func allows() {
        for scope in Scope.allCases {
            #expect(Set([scope]).allows(scope))
            #expect(Set([Scope.admin]).allows(scope))
            #expect(!Set(Scope.allCases.filter { $0 != scope && $0 != .admin }).allows(scope))
        }
    }

    @Test("A list of scopes is separated by commas or spaces, and must be known")
    func list() {
        #expect(Set(list: "read,call") == [.read, .call])
        #expect(Set(list: "read call, admin") == [.read, .call, .admin])
        for text in ["", ",", "root", "read,root", "Read"] { #expect(Set<Scope>(list: text) == nil) }
    }

    @Test(
        "Reading needs read, acting call, other agents' calls monitor, tokens and traces admin, and what everybody may ask nothing"
    )
    func operations() {
        for operation in ControlAPI.Operation.allCases {
            let expected: Scope? =
                switch operation {
                case .tokens, .createToken, .revokeToken, .sipTrace: .admin
                case .healthz, .readyz, .contract: nil
                default:
                    operation.method == .get
                        ? .read : MonitorVerb(rawValue: operation.rawValue) == nil ? .call : .monitor
                }
            #expect(operation.scope == expected)
        }
    }
}
