import ControlAPI
import SIP
import Testing
import Wire

@testable import Seat

@Suite("Logging in and out (platform protocol §1, §2)")
struct LoginStories {
    @Test("getUser, init, digest, three messages; online only when the platform says so")
    func login() {
        let story = Story()
        #expect(story.reply(.checkLogin) == .success(["result": 0]))
        story.getUser()
        #expect(story.reply(.initialize(Story.login)) == .success(["result": true]))

        #expect(story.connects == ["wss://gateway.example"])
        #expect(story.registrations.map(\.authorized) == [false, true])
        #expect(story.bodies == [#"<cc a="1"/>"#, #"<cc a="52"/>"#, #"<cc a="53" g="2033_65656"/>"#])
        #expect(story.events == [.registered])
        #expect(story.reply(.checkLogin) == .success(["result": 0]))
        #expect(story.reply(.checkSeatState) == .success(["result": 0]))

        story.notice(#"<cc a="1"/>"#)
        #expect(story.takeEvents() == ["register", "statusChanged"])
        #expect(story.reply(.checkLogin) == .success(["result": 1]))
        #expect(story.reply(.checkSeatState) == .success(["result": 1]))
        story.notice(#"<cc a="2"/>"#)
        #expect(story.reply(.checkSeatState) == .success(["result": 2]))
    }

    @Test("init before getUser says so, and false")
    func initFirst() {
        let story = Story()
        #expect(story.reply(.initialize(Story.login)) == .failure(.userUnknown.with(result: false)))
        #expect(story.connects == [])
    }

    @Test("init without a gateway names the parameter; one in the clear is refused unless it is on this machine")
    func gateway() {
        let story = Story(socketURI: nil)
        story.getUser()
        #expect(story.reply(.initialize(Story.login)) == .failure(.missingParameter("socketUri").with(result: false)))
        var login = Story.login
        for uri in ["ws://gateway.example", "ws://127.0.0.1.evil.example", "http://x", "x"] {
            login.socketUri = uri
            #expect(story.reply(.initialize(login)) == .failure(.invalidParameter("socketUri").with(result: false)))
        }
        login.socketUri = "ws://127.0.0.1:8080"
        #expect(story.reply(.initialize(login)) == .success(["result": true]))
        #expect(story.connects == ["ws://127.0.0.1:8080"])
    }

    @Test("A page that reloads and logs in the same way keeps the seat and its call, and hears of it again")
    func reload() {
        let story = Story()
        story.logIn()
        story.notice(#"<cc a="100" c="7" n="138"/>"#)
        _ = story.takeEvents()
        story.getUser()
        #expect(story.reply(.initialize(Story.login)) == .success(["result": true]))
        #expect(story.takeEvents() == ["register"])
        #expect(story.connects.count == 1)
        #expect(story.reply(.checkSeatState) == .success(["result": 3]))
        var other = Story.login
        other.gid = "1"
        #expect(story.reply(.initialize(other)) == .failure(.loggedInAlready.with(result: false)))
    }

    @Test("A wrong SIP password ends the login with 51000; the next one works")
    func wrongPassword() {
        let story = Story()
        story.password = "other"
        story.getUser()
        #expect(story.reply(.initialize(Story.login)) == .success(["result": true]))
        #expect(story.events.map(\.data["code"]) == [51000])
        #expect(story.events.map(\.data["data"]?["status"]) == [403])
        #expect(!story.isConnected)
        #expect(story.seat.deadline == nil)
        story.password = "1006"
        #expect(story.reply(.initialize(Story.login)) == .success(["result": true]))
        #expect(story.events.last == .registered)
    }

    @Test("A gateway that is away is tried again with growing pauses, and found when it comes back")
    func deadGateway() {
        let story = Story()
        story.acceptsConnections = false
        story.getUser()
        #expect(story.reply(.initialize(Story.login)) == .success(["result": true]))
        #expect(story.events.map(\.data["code"]) == [51001])
        story.advance(by: .seconds(60))
        #expect(4...9 ~= story.connects.count)
        let failure = Problem.platformUnreachable.with(code: .callOutsideFailed)
        #expect(story.reply(.call(number: "10010")) == .failure(failure))
        story.acceptsConnections = true
        story.advance(by: .seconds(30))
        #expect(story.events.last == .registered)
    }

    @Test("A registrar that is overloaded is tried again")
    func overloadedRegistrar() {
        let story = Story()
        story.refusesRegistration = 503
        story.getUser()
        story.command(.initialize(Story.login))
        #expect(story.events.map(\.data["code"]) == [51000])
        story.refusesRegistration = nil
        story.advance(by: .seconds(10))
        #expect(story.events.last == .registered)
    }

    @Test("A lost connection makes the seat offline; a new one registers again and sends the three messages")
    func reconnect() {
        let story = Story()
        story.logIn()
        story.notice(#"<cc a="2"/>"#)
        _ = story.takeEvents()
        story.loseConnection()
        #expect(story.takeEvents() == ["register", "statusChanged"])
        #expect(story.reply(.checkLogin) == .success(["result": 0]))
        story.advance(by: .seconds(2))
        #expect(story.takeEvents() == ["register"])
        #expect(story.bodies == [#"<cc a="2"/>"#, #"<cc a="52"/>"#, #"<cc a="53" g="2033_65656"/>"#])
        story.notice(#"<cc a="2"/>"#)
        #expect(story.reply(.checkSeatState) == .success(["result": 2]))
    }

    @Test("The registration is refreshed before it expires, without a word to subscribers")
    func refresh() {
        let story = Story()
        story.logIn()
        let before = story.registrations.count
        story.advance(by: .seconds(300))
        #expect(story.registrations.count > before)
        #expect(story.events == [])
    }

    @Test("logout unregisters, says offline and closes the connection; again it is still 200")
    func logout() {
        let story = Story()
        story.logIn()
        #expect(story.reply(.logout) == .success(.loggedOut))
        #expect(story.registrations.last?.expires == "0")
        #expect(!story.isConnected)
        #expect(story.takeEvents() == ["statusChanged"])
        #expect(story.reply(.logout) == .success(.loggedOut))
        #expect(story.seat.deadline == nil)
    }

    @Test("Two who log out at once are both told how it went")
    func logoutTwice() {
        let story = Story()
        story.logIn()
        story.isDeaf = true
        let commands = [story.command(.logout), story.command(.logout)]
        story.advance(by: .seconds(5))
        let failure = Problem.platformSilent.with(code: .logoutFailed)
        #expect(commands.map { story.replies[$0] } == [.failure(failure), .failure(failure)])
        #expect(story.takeEvents() == ["statusChanged"])
    }

    @Test("logout from a platform that does not answer is over after five seconds, with 53000")
    func logoutUnanswered() throws {
        let story = Story()
        story.logIn()
        story.isDeaf = true
        let command = story.command(.logout)
        #expect(story.replies[command] == nil)
        story.advance(by: .seconds(5))
        #expect(story.replies[command] == .failure(.platformSilent.with(code: .logoutFailed)))
        #expect(story.reply(.checkLogin) == .success(["result": 0]))
    }

    @Test("logout that is refused or loses its connection is 53000, and the seat is logged out all the same")
    func logoutFailed() {
        let story = Story()
        story.logIn()
        story.refusesRegistration = 500
        #expect(story.reply(.logout) == .failure(.platformRefused(status: 500).with(code: .logoutFailed)))
        #expect(story.takeEvents() == ["statusChanged"])
        story.refusesRegistration = nil
        story.logIn()
        story.isDeaf = true
        let command = story.command(.logout)
        story.loseConnection()
        #expect(story.replies[command] == .failure(.platformUnreachable.with(code: .logoutFailed)))
        #expect(!story.isConnected)
    }

    @Test("A message at login that the platform refuses is told with its code, 52000, 52001 or 52002")
    func messagesRefused() {
        let story = Story()
        story.answersMessages = 403
        story.getUser()
        story.command(.initialize(Story.login))
        #expect(story.events.map(\.data["code"]) == [200, 52000, 52002, 52001])
        #expect(story.takeEvents() == ["register", "register", "register", "register"])
    }

    @Test("A kick-off ends the login and says why")
    func kickedOff() {
        let story = Story()
        story.logIn()
        story.notice(#"<o><a><u n="1006_00010078" a="o" nm="Li" r="895"/></a></o>"#)
        #expect(story.events.first?.data == ["r": "895", "nm": "Li", "n": "1006_00010078"])
        #expect(story.takeEvents() == ["kickedOffLine", "statusChanged"])
        #expect(!story.isConnected)
        story.advance(by: .seconds(600))
        #expect(story.connects.count == 1)
    }

    @Test("A getUser that a later one overtakes is told so, and a late answer of its steps is dropped")
    func supersededLookup() {
        let story = Story()
        let parameters = Command.GetUser(un: "1006", pwd: Redacted("1006"), switchnumber: "025")
        let first = story.command(.getUser(parameters))
        let fetch = story.fetches[0]
        let second = story.command(.getUser(parameters))
        #expect(story.replies[first] == .failure(.superseded))
        story.feed(.fetched(fetch, nil))
        #expect(story.replies[second] == nil)
        story.advance(by: .seconds(30))
        #expect(story.replies[second] == .failure(.platformSilent.with(code: .serverError)))
    }
}
