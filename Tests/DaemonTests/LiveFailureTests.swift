import ControlAPI
import Crypto
import Foundation
import HTTPTypes
import Journal
import Network
import Testing
import Wire

@Suite("What goes wrong is said clearly, and the next call works", .serialized, .timeLimit(.minutes(2)))
struct LiveFailureTests {
    private func expect(
        _ answer: LiveHouse.Answer, _ status: Int, _ name: String, code: JSON? = nil,
        location: SourceLocation = #_sourceLocation
    ) {
        #expect(answer.status == status, sourceLocation: location)
        #expect(answer.body["type"] == .string("urn:phonebard:problem:\(name)"), sourceLocation: location)
        #expect(answer.body["code"] == code, sourceLocation: location)
        #expect(answer.fields[.contentType] == "application/problem+json", sourceLocation: location)
    }

    @Test("Without the right token nothing is answered, not even what exists")
    func wrongToken() async throws {
        let house = try await LiveHouse.open()
        for path in ["checkLogin", "state", "events", "nothing"] {
            expect(try await house.get(path, token: "wrong"), 401, "unauthorized")
            expect(try await house.get(path, token: ""), 401, "unauthorized")
        }
        let bare = try await house.send(.post, house.url + "/v1/call", ["number": "1"])
        expect(bare, 401, "unauthorized")
        #expect(bare.fields[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
        #expect(await (try LiveEvents(house, token: "wrong")).open() == .handshakeRejected(status: 401))
        #expect(
            await (try LiveEvents(house, token: "wrong", inSubprotocol: true)).open()
                == .handshakeRejected(status: 401))
        #expect(try await house.get("checkLogin").status == 200)
        await house.close()
    }

    @Test("The token is in a file only its owner can read, and the same at the next start")
    func tokenFile() async throws {
        let house = try await LiveHouse.open()
        let attributes = try FileManager.default.attributesOfItem(atPath: house.tokenFile)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(house.token.count == 43)
        await house.close()
    }

    @Test("A request that makes no sense is told why")
    func badRequests() async throws {
        let house = try await LiveHouse.open()
        expect(try await house.get("nothing"), 404, "no-such-resource")
        let wrongMethod = try await house.get("call")
        expect(wrongMethod, 405, "method-not-allowed")
        #expect(wrongMethod.fields[.allow] == "OPTIONS, POST")
        expect(try await house.post("call", ["number": nil]), 400, "missing-parameter", code: 50001)
        expect(try await house.post("call", [1, 2]), 400, "malformed-body", code: 50001)
        let text = try await house.send(
            .post, house.url + "/v1/call", ["number": "1"], bearer: house.token, type: "text/plain")
        expect(text, 415, "unsupported-media-type")
        expect(try await house.get("events"), 426, "upgrade-required")
        #expect(
            await (try LiveEvents(house, after: "nonsense")).open() == .handshakeRejected(status: 400))
        await house.close()
    }

    @Test("Wrong password 50003, unknown enterprise 50004, no host 50002, dead host 50000; the right ones work after")
    func getUser() async throws {
        let house = try await LiveHouse.open()
        var user = LiveHouse.user.object ?? [:]
        user["pwd"] = "wrong"
        expect(try await house.post("getUser", .object(user)), 422, "get-user-failed", code: 50003)
        user["switchnumber"] = "0259999"
        expect(try await house.post("getUser", .object(user)), 422, "get-user-failed", code: 50004)
        user["switchnumber"] = "999"
        expect(try await house.post("getUser", .object(user)), 502, "get-user-failed", code: 50002)
        user["switchnumber"] = "0101234"
        expect(try await house.post("getUser", .object(user)), 502, "get-user-failed", code: 50000)
        let answer = try await house.post("getUser", LiveHouse.user)
        #expect(answer.status == 200)
        #expect(answer.body["userData"]?["number"]?.lenientString == "1001")
        #expect(answer.body["inGroups"]?.array?.first?["name"] == "售前咨询")
        await house.close()
    }

    @Test("A call before login, an unknown ccNumber and a wrong SIP password fail clearly; then a call works")
    func beforeLogin() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        expect(try await house.post("call", ["number": "10010"]), 409, "not-logged-in", code: 52011)
        let early = try await house.post("init", LiveHouse.login)
        expect(early, 409, "no-user", code: 50001)
        #expect(early.body["result"] == false)

        #expect(try await house.post("getUser", LiveHouse.user).status == 200)
        var login = LiveHouse.login.object ?? [:]
        login["pwd"] = "wrong"
        #expect(try await house.post("init", .object(login)).body == ["result": true])
        let refused = try await events.next("register")
        #expect(refused["code"] == 51000)

        try await house.logIn(events)
        expect(try await house.post("terminate", ["ccNumber": "9"]), 404, "no-such-call", code: 52009)
        expect(try await house.post("answerPBXCall", ["ccNumber": "9"]), 404, "no-such-call", code: 52008)
        #expect(try await house.post("call", ["number": "13800138000"]).body == ["result": 2])
        let call = try #require(try await events.next("callEvent", "calloutResponse")["c"])
        _ = try await events.next("callEvent", "answeredPBXCall")
        try await house.post("terminate", ["ccNumber": call])
        #expect(try await events.next("callEvent", "endPBXCall")["r"] == "26")
        await house.close()
    }

    @Test("A platform that goes away is told at once, commands fail with it, and when it is back the next call works")
    func outage() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)

        try await house.scenario("outage", ["sip": true])
        #expect(try await events.next("register")["code"] == 51001)
        #expect(try await events.next("statusChanged")["status"] == 0)
        expect(try await house.post("call", ["number": "10010"]), 503, "platform-unreachable", code: 52011)
        #expect(try await house.get("checkSeatState").body == ["result": 0])

        try await house.scenario("outage", ["sip": false])
        var event = try await events.next()
        while event["data"]?["code"] == 51001 { event = try await events.next() }
        #expect(event["data"]?["code"] == 200)
        #expect(try await events.next("statusChanged")["status"] == 1)
        #expect(try await house.post("call", ["number": "13800138000"]).body == ["result": 2])
        let call = try #require(try await events.next("callEvent", "calloutResponse")["c"])
        _ = try await events.next("callEvent", "answeredPBXCall")
        try await house.hears(440)
        try await house.post("terminate", ["ccNumber": call])
        #expect(try await events.next("callEvent", "endPBXCall")["r"] == "26")
        await house.close()
    }

    @Test("Who logs in again when the daemon stops does not get in, and everything told is in the journal")
    func stopping() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        async let stopped: Void = house.stop()
        var told: Int64 = 0
        while let event = try? await events.next() {
            told = try #require(event["seq"]?.lenientInteger)
            if event["data"]?["status"] == 0 {
                // The API may be closed already.
                let answer = try? await house.post("init", LiveHouse.login)
                #expect(answer?.status ?? 503 == 503)
            }
        }
        await stopped
        #expect(told == 8)
        let journal = try Journal.open(
            Journal.Configuration(path: house.stateDirectory + "/journal.sqlite"),
            fresh: LogPosition(epoch: "", seq: 0), at: 0
        ).journal
        #expect(journal.lastSeq == 9)
        let platform = try await house.scenarioState()
        #expect(platform["seats"]?.array?.first { $0["extension"] == "1001" }?["online"] != true)
        journal.close()
        await house.close()
    }

    @Test("A platform whose certificate is not trusted is refused, over HTTPS and over the WebSocket")
    func untrusted() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString + ".pem").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try CertificateAuthority(name: "another").write(to: path)
        let house = try await LiveHouse.open(authorities: path)
        expect(try await house.post("getUser", LiveHouse.user), 502, "get-user-failed", code: 50000)
        #expect(house.log.text.contains("certificateRejected"))
        await house.close()
    }
}
