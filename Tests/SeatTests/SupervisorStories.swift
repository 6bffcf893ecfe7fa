import ControlAPI
import Dialect
import SIP
import Testing
import Wire

@testable import Seat

@Suite("The supervisor (SDK: 监控相关接口; platform protocol §3.4)")
struct SupervisorStories {
    private let story = Story()

    private func ask(_ verb: MonitorVerb, _ call: String = "7") -> CommandID {
        story.command(.monitor(verb, ccNumber: call))
    }

    /// What is said to a verb at once.
    private func reply(_ verb: MonitorVerb, _ call: String = "7") -> Result<JSON, Problem>? {
        story.reply(.monitor(verb, ccNumber: call))
    }

    private func answer(_ verb: MonitorVerb, _ result: Int = 200, _ call: String = "7") {
        let number = (MonitorVerb.allCases.firstIndex(of: verb) ?? 0) + 1
        story.notice(#"<cm a="\#(number)" c="\#(call)" r="\#(result)"/>"#)
    }

    /// What came of a verb that the platform takes.
    private func done(_ verb: MonitorVerb) -> Result<JSON, Problem>? {
        let command = ask(verb)
        answer(verb)
        return story.replies[command]
    }

    private static let success: Result<JSON, Problem> = .success(["result": 0])
    private static func failure(_ problem: Problem) -> Result<JSON, Problem> { .failure(problem.with(result: 1)) }

    private var state: JSON? {
        guard case .success(let reply)? = story.reply(.checkMonitorState) else { return nil }
        return reply["result"]
    }

    private static func state(_ status: Int64) -> JSON {
        ["status": .integer(status), "ccNumber": status == 0 ? "" : "7"]
    }

    /// The platform's leg for a call that is watched.
    @discardableResult
    private func listen() -> CallHandle {
        story.logIn()
        _ = done(.startCallMonitor)
        let leg = story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        return leg
    }

    private func bring(to status: Int64) {
        if status == 0 { story.logIn() } else { listen() }
        if status == 2 { _ = done(.joinFromMonitor) }
        #expect(state == Self.state(status))
        story.forgetBodies()
        _ = story.takeEvents()
    }

    private static let arrows: [(Int64, MonitorVerb, Int64)] = [
        (0, .startCallMonitor, 1), (0, .terminateCall, 0), (1, .stopCallMonitor, 0), (1, .joinFromMonitor, 2),
        (1, .endCallMonitor, 0), (2, .exitJoinMonitor, 0), (2, .endCallMonitor, 0),
    ]

    @Test("Every arrow of the figure: sent, answered with 200, 0", arguments: arrows)
    func arrow(from: Int64, verb: MonitorVerb, to: Int64) {
        bring(to: from)
        #expect(done(verb) == Self.success)
        let number = (MonitorVerb.allCases.firstIndex(of: verb) ?? 0) + 1
        #expect(story.bodies == [#"<cm a="\#(number)" c="7"/>"#])
        #expect(state == Self.state(to))
    }

    @Test(
        "Every other verb is 1 without being sent",
        arguments: [0, 1, 2].flatMap { status in
            MonitorVerb.allCases.filter { verb in !arrows.contains { $0.0 == status && $0.1 == verb } }
                .map { (Int64(status), $0) }
        })
    func noArrow(from: Int64, verb: MonitorVerb) {
        bring(to: from)
        #expect(reply(verb) == Self.failure(.wrongState))
        #expect(story.bodies == [])
        #expect(state == Self.state(from))
    }

    @Test("A verb for another call than the watched one is 1 without being sent", arguments: arrows.filter { $0.0 > 0 })
    func otherCall(from: Int64, verb: MonitorVerb, to: Int64) {
        bring(to: from)
        #expect(reply(verb, "8") == Self.failure(.wrongState))
        #expect(story.bodies == [])
    }

    @Test(
        "What the platform refuses is 1 with the reason and changes nothing, unless it knows of no such call",
        arguments: arrows.flatMap { arrow in [403, 404, 409, 500].map { (arrow.0, arrow.1, $0) } })
    func refused(from: Int64, verb: MonitorVerb, result: Int) {
        bring(to: from)
        let command = ask(verb)
        answer(verb, result)
        let expected: Problem =
            switch result {
            case 403: .notSupervisor
            case 404: .noSuchCall
            case 409: .wrongState
            default: .platformRefused(status: result)
            }
        #expect(story.replies[command] == Self.failure(expected))
        #expect(story.bodies.count == 1)
        #expect(state == Self.state(result == 404 ? 0 : from))
        guard result == 404, from > 0 else { return }
        story.advance(by: .seconds(5))
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
        #expect(story.openLegs == [])
    }

    @Test("No answer within ten seconds is 1 too, whether the message was taken or not", arguments: arrows, [200, nil])
    func silent(arrow: (Int64, MonitorVerb, Int64), messages: Int?) {
        bring(to: arrow.0)
        story.answersMessages = messages
        let command = ask(arrow.1)
        story.advance(by: .milliseconds(9_999))
        #expect(story.replies[command] == nil)
        story.advance(by: .milliseconds(1))
        #expect(story.replies[command] == Self.failure(.platformSilent))
        answer(arrow.1)
        #expect(state == Self.state(arrow.0))
    }

    @Test("A message the platform refuses is 1 at once")
    func messageRefused() {
        bring(to: 0)
        story.answersMessages = 404
        #expect(reply(.startCallMonitor) == Self.failure(.platformRefused(status: 404)))
        #expect(state == Self.state(0))
    }

    @Test("To listen that was given up is taken back, and a leg that came for it is hung up")
    func givenUp() {
        bring(to: 0)
        _ = ask(.startCallMonitor)
        story.invite(for: "7")
        story.advance(by: .seconds(10))
        #expect(story.bodies == [#"<cm a="1" c="7"/>"#, #"<cm a="2" c="7"/>"#])
        #expect(story.openLegs == [])
        #expect(story.endedLegs.count == 1)
    }

    @Test("Given up after 104 has come, it ends as listening does")
    func givenUpAfterAnswer() {
        bring(to: 0)
        _ = ask(.startCallMonitor)
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        story.advance(by: .seconds(15))
        #expect(story.takeEvents() == ["callEvent answeredPBXCall", "callEvent endPBXCall"])
        #expect(story.seat.state == .idle)
    }

    @Test("A connection lost before there is anything to hear ends the listening")
    func connectionLost() {
        story.logIn()
        #expect(done(.startCallMonitor) == Self.success)
        story.loseConnection()
        #expect(state == Self.state(0))
    }

    @Test("One request at a time: while one waits, the next is 1 without being sent")
    func oneAtATime() {
        bring(to: 1)
        let first = ask(.joinFromMonitor)
        #expect(reply(.stopCallMonitor) == Self.failure(.wrongState))
        #expect(story.bodies.count == 1)
        answer(.stopCallMonitor)
        #expect(story.replies[first] == nil)
        answer(.joinFromMonitor)
        #expect(story.replies[first] == Self.success)
    }

    @Test("Without a login it is 1; so it is with a call of one's own, and during one nobody can be listened to")
    func notReady() {
        #expect(reply(.startCallMonitor) == Self.failure(.notLoggedIn))
        story.logIn()
        story.notice(#"<cc a="100" c="8" n="138"/>"#)
        #expect(reply(.startCallMonitor) == Self.failure(.wrongState))
        #expect(story.bodies == [])
        let command = ask(.terminateCall)
        answer(.terminateCall)
        #expect(story.replies[command] == Self.success)
    }

    @Test("If the watched call ends by itself it is back to 0, told by 105, by BYE or by both", arguments: [1, 2])
    func endsByItself(status: Int64) {
        bring(to: status)
        story.notice(#"<cc a="105" c="7" r="25"/>"#)
        #expect(state == Self.state(0))
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
        #expect(story.openLegs == [])

        let leg = listen()
        _ = story.takeEvents()
        story.bye(leg)
        story.advance(by: .seconds(2))
        #expect(state == Self.state(0))
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
    }

    @Test("A BYE ends it also before 104 has come; then there is nothing to tell")
    func endsUnannounced() {
        story.logIn()
        _ = done(.startCallMonitor)
        let leg = story.invite(for: "7")
        story.bye(leg)
        #expect(state == Self.state(0))
        #expect(story.takeEvents() == [])
    }

    @Test(
        "The call ends while an answer is awaited: who wanted out is out, who wanted in is not",
        arguments: [
            (0, .startCallMonitor, false), (1, .joinFromMonitor, false), (1, .stopCallMonitor, true),
            (1, .endCallMonitor, true), (2, .exitJoinMonitor, true), (2, .endCallMonitor, true),
        ] as [(Int64, MonitorVerb, Bool)])
    func endsMeanwhile(from: Int64, verb: MonitorVerb, succeeds: Bool) {
        bring(to: from)
        let command = ask(verb)
        story.notice(#"<cc a="105" c="7" r="25"/>"#)
        #expect(story.replies[command] == (succeeds ? Self.success : Self.failure(.noSuchCall)))
        answer(verb)
        #expect(state == Self.state(0))
    }

    @Test("Listening is answeredPBXCall, leaving endPBXCall, whatever the platform says of the end")
    func events() {
        listen()
        #expect(story.takeEvents() == ["callEvent answeredPBXCall"])
        #expect(done(.stopCallMonitor) == Self.success)
        story.advance(by: .seconds(5))
        #expect(story.takeEvents() == ["callEvent endPBXCall"])
        #expect(story.openLegs == [])
        #expect(story.seat.state == .idle)
    }

    @Test("The microphone is off from the INVITE on, on in the three-way call, off again when it is left")
    func muted() {
        story.logIn()
        _ = ask(.startCallMonitor)
        story.invite(for: "7")
        #expect(story.everUnmuted == [])
        #expect(story.mutedLegs == Set(story.openLegs))
        answer(.startCallMonitor)
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
        #expect(story.reply(.unmute(ccNumber: "7")) == .failure(.wrongState))
        #expect(story.mutedLegs == Set(story.openLegs))
        #expect(done(.joinFromMonitor) == Self.success)
        #expect(story.mutedLegs == [])
        #expect(story.reply(.mute(ccNumber: "7")) == .success(["result": true]))
        #expect(story.reply(.unmute(ccNumber: "7")) == .success(["result": true]))
        #expect(story.mutedLegs == [])
        #expect(done(.exitJoinMonitor) == Self.success)
        #expect(story.mutedLegs == Set(story.openLegs))
    }

    @Test("The leg of a call of one's own is heard, though listening was asked for")
    func ownLegMeanwhile() {
        story.logIn()
        _ = ask(.startCallMonitor)
        story.notice(#"<cc a="100" c="8" n="138"/>"#)
        story.command(.answerPBXCall(ccNumber: "8"))
        story.invite(for: "8")
        #expect(story.mutedLegs == [])
    }

    @Test("A watched call cannot be held, hung up, answered or sent keys: it is another agent's")
    func notOnesOwn() throws {
        bring(to: 1)
        let key = try #require(Command.Keys("5"))
        for command: Command in [
            .hold(ccNumber: "7"), .unhold(ccNumber: "7"), .terminate(ccNumber: "7"), .answerPBXCall(ccNumber: "7"),
            .sendDTMF(key),
        ] {
            #expect(story.reply(command) == .failure(.wrongState))
        }
        #expect(story.bodies == [])
        #expect(story.infos == [])
    }

    @Test("logout, or a kick-off, leaves the watched call without hanging it up", arguments: [1, 2])
    func logout(status: Int64) {
        bring(to: status)
        #expect(story.reply(.logout) == .success(.loggedOut))
        #expect(story.bodies == [status == 1 ? #"<cm a="2" c="7"/>"# : #"<cm a="4" c="7"/>"#])
        #expect(story.openLegs == [])
        #expect(state == Self.state(0))
    }

    @Test("logout while an answer is awaited is 1")
    func logoutMeanwhile() {
        bring(to: 0)
        let command = ask(.startCallMonitor)
        story.command(.logout)
        #expect(story.replies[command] == Self.failure(.notLoggedIn))
        #expect(state == Self.state(0))
    }

    @Test(
        "A leg to listen with stays though 104 does not come; when its audio fails the supervisor is out all the same")
    func unannounced() {
        story.logIn()
        _ = done(.startCallMonitor)
        story.invite(for: "7")
        story.advance(by: .seconds(60))
        #expect(state == Self.state(1))
        #expect(story.openLegs.count == 1)
        story.feed(.legFailed(story.openLegs[0]))
        #expect(story.bodies.last == #"<cm a="2" c="7"/>"#)
        #expect(state == Self.state(0))
    }

    @Test("Without a connection audio that fails ends the listening too")
    func failsOffline() {
        bring(to: 1)
        story.acceptsConnections = false
        story.loseConnection()
        story.feed(.legFailed(story.openLegs[0]))
        #expect(state == Self.state(0))
    }

    @Test("Audio that fails takes the supervisor out, and only the supervisor")
    func audioFails() {
        bring(to: 1)
        story.feed(.legFailed(story.openLegs[0]))
        #expect(story.bodies == [#"<cm a="2" c="7"/>"#])
        story.advance(by: .seconds(5))
        #expect(state == Self.state(0))
    }
}

@Suite("Calls of the group (SDK: repCallStatus)")
struct CallReportStories {
    private let story = Story()

    private func logIn(permission: String) {
        story.permission = permission
        story.logIn()
    }

    private func report(_ call: String = "9", end: String = "") {
        story.notice(#"<rc n="1001_00010078" t="10010" c="\#(call)" b="1760000000" e="\#(end)"/>"#)
    }

    @Test("Who may asks for them after each registration; who may not does not", arguments: ["1", "0", ""])
    func asked(permission: String) {
        story.permission = permission
        story.getUser()
        story.command(.initialize(Story.login))
        #expect(story.bodies.contains(#"<cm a="10"/>"#) == (permission == "1"))
        #expect(story.bodies.firstIndex(of: #"<cm a="10"/>"#) ?? 3 == 3)
    }

    @Test("Refused, it is nobody's failure")
    func refused() {
        story.permission = "1"
        story.getUser()
        story.answersMessages = 403
        story.command(.initialize(Story.login))
        #expect(story.takeEvents().filter { $0 == "register" }.count == 4)
    }

    @Test("Two events a call, with an empty endTime first")
    func twice() {
        logIn(permission: "1")
        report()
        report()
        report(end: "1760000009")
        report(end: "1760000009")
        var data: [String: JSON] = [
            "caller": "1001", "callee": "10010", "ccNumber": "9", "callTime": 1_760_000_000, "endTime": "",
        ]
        #expect(story.events.map(\.name) == [.repCallStatus, .repCallStatus])
        #expect(story.events.first?.data == .object(data))
        data["endTime"] = 1_760_000_009
        #expect(story.events.last?.data == .object(data))
    }

    @Test("Of a call that began before the login there is no event")
    func before() {
        logIn(permission: "1")
        report(end: "1760000009")
        #expect(story.events == [])
    }
}
