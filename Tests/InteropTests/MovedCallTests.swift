import HTTPTypes
import Testing
import Wire

/// What a PBX does that does not carry the sound: a transfer is a re-INVITE with somebody else's description.
@Suite("The platform moves a call to other peers", .timeLimit(.minutes(1)))
struct MovedCallTests {
    @Test("By its offer with another codec, and by asking us for one: each is heard, and hears us (RFC 3725 §7)")
    func moves() async throws {
        let port = try KamailioServer.freePort(.datagram)
        let house = try await House(platformPort: port, microphone: "tone:1000")
        let platform = try PlatformPeer(port: port, in: house.lab, behind: house.server)
        try await platform.listens()
        try await house.logIn()
        try await house.daemon.call("newPBXCall")
        #expect(try await house.daemon.request(.post, "answerPBXCall", ["ccNumber": "7"]) == ["result": true])
        try await house.daemon.call("answeredPBXCall")
        try await house.daemon.hears(440)
        try await platform.hears(1000)
        for (key, frequency) in [("*", 620.0), ("0", 850)] {
            #expect(try await house.daemon.request(.post, "sendDTMF", ["string": JSON.string(key)]) == ["result": true])
            try await platform.program.line(containing: "moved 200")
            try await house.daemon.hears(frequency)
            try await platform.otherHears(1000)
            let media = try #require(try await house.daemon.media())
            #expect(media["codec"] == "PCMA")
        }
        #expect(try await house.daemon.request(.post, "terminate", ["ccNumber": "7"]) == ["result": true])
        try await house.daemon.call("endPBXCall")
        try await platform.program.line(containing: "ended")
    }
}
