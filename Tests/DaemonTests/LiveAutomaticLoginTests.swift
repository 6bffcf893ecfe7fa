import Daemon
import Foundation
import Testing
import Wire

@Suite("A login at the start, on real sockets", .serialized, .timeLimit(.minutes(2)))
struct LiveAutomaticLoginTests {
    @Test(
        "The seat is online without a command; the clear password is in no file of the daemon's and in no line of its log"
    )
    func loggedIn() async throws {
        let house = try await LiveHouse.open {
            $0.login.un = "1001"
            $0.login.password = Redacted("1001")
            $0.login.switchnumber = "02566699734"
            $0.encryptionSeed = Redacted("02adc2368daf44c1864b721cc684fb7f")
        }
        let events = try LiveEvents(house, after: "\(try await house.epoch()):0")
        #expect(await events.open() == nil)
        #expect(try await events.next("register")["code"] == 200)
        #expect(try await events.next("statusChanged")["status"] == 1)

        let encrypted: JSON = ["number": "opwmRvGhOcGMXRZSp_moOQ", "callNumType": "encrypt"]
        #expect(try await house.post("call", encrypted).body == ["result": 2])
        let response = try await events.next("callEvent", "calloutResponse")
        #expect(response["n"] == "opwmRvGhOcGMXRZSp_moOQ")
        #expect(try await house.scenarioState()["calls"]?.array?.first?["number"] == "95533")
        _ = try await events.next("callEvent", "answeredPBXCall")
        try await house.post("terminate", ["ccNumber": response["c"] ?? .null])
        #expect(try await events.next("callEvent", "endPBXCall")["n"] == "opwmRvGhOcGMXRZSp_moOQ")
        let failed = try await house.post("call", ["number": "2_4gAE7xWKY6HiyOH-q2-A", "callNumType": 1])
        #expect(failed.status == 422)
        #expect(failed.body["result"] == "abc")
        await house.stop()
        await house.close()
    }

    @Test("A wrong password is told, and not tried again")
    func wrongPassword() async throws {
        let secret = "geheim-\(UUID().uuidString)"
        let house = try await LiveHouse.open {
            $0.login.un = "1001"
            $0.login.password = Redacted(secret)
            $0.login.switchnumber = "02566699734"
        }
        let events = try LiveEvents(house, after: "\(try await house.epoch()):0")
        #expect(await events.open() == nil)
        #expect(try await events.next("register")["code"] == 50003)
        await house.stop()
        #expect(!house.log.text.contains(secret))
        let files = try FileManager.default.subpathsOfDirectory(atPath: house.stateDirectory)
        #expect(files.contains { $0.hasPrefix("journal.sqlite") })
        for file in files {
            let content = FileManager.default.contents(atPath: house.stateDirectory + "/" + file) ?? Data()
            #expect(content.firstRange(of: Data(secret.utf8)) == nil, "\(file)")
        }
        await house.close()
    }
}

extension LiveHouse {
    fileprivate func epoch() async throws -> String {
        try #require(try await get("state").body["position"]?["epoch"]?.string)
    }
}
