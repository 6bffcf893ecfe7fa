import ControlAPI
import SIP
import Testing
import Wire

@testable import Seat

@Suite(
    "Whatever happens in whatever order: each call ends once, each command is answered, the seat takes the next call")
struct RandomStories {
    @Test("A hundred things at random, and what is left afterwards", arguments: 0..<60)
    func anything(seed: UInt64) throws {
        var tale = Tale(seed: seed)
        for _ in 0..<100 { tale.goOn() }
        tale.comeToRest()
    }
}

/// One story made up at random; what happened is in `plot`, to be read when something is wrong.
private struct Tale {
    private static let calls = ["7", "8", "9"]
    /// What means nothing, or less than it should.
    private static let nonsense: [String] = [
        "", "<", "<cc", "<cc/>", #"<cc a="100"/>"#, #"<cc a="104" c=""/>"#, #"<cc a="105" r="26"/>"#, #"<cc a="201"/>"#,
        #"<cc a="301" r="200" c=""/>"#, #"<cc a="87"/>"#, #"<cm a="1" r="200"/>"#, #"<rc c=""/>"#, "<o><a/></o>",
        #"<o><a><u a="x"/></a></o>"#, #"<i n="7"/>"#, #"{"a":"100"}"#,
        "<x>y</x>",
        String(repeating: "<x>", count: 1000), #"<cc a="100" c="7" c="8"/>"#, #"<cc a="100" c="&e;"/>"#,
    ]

    private let story = Story()
    private var randomness: Randomness
    private var plot: [String] = []
    private var asked: [CommandID] = []
    private var legs: [CallHandle] = []
    /// The calls that subscribers know of, by their events.
    private var told: Set<String> = []
    private var answered: Set<String> = []

    init(seed: UInt64) {
        randomness = .seeded(seed)
        story.permission = "1"
        logIn()
    }

    mutating func goOn() {
        switch pick(0..<100) {
        case 0..<40: notice(call: one(of: Self.calls))
        case 40..<70: command(call: one(of: Self.calls))
        case 70..<78: invite()
        case 78..<83: bye()
        case 83..<86: audioEnds()
        case 86..<94: wait(.milliseconds(pick(0..<15_000)))
        case 94..<96: changePlatform()
        case 96..<97: loseConnection()
        case 97..<98: kickOff()
        default: logIn()
        }
        readEvents()
    }

    /// The platform is well again, ends what the seat has, and everything has its time.
    mutating func comeToRest() {
        story.answersMessages = 200
        story.answersMedia = true
        story.acceptsConnections = true
        wait(.seconds(200))
        let audible = Set(story.seat.legs.values.map(\.call))
        let silent = story.seat.calls.map(\.id).filter { !audible.contains($0) }
        check(silent.isEmpty, "calls without sound: \(silent)")
        let known = Set(story.seat.calls.map(\.id) + [story.seat.monitor.call].compactMap(\.self))
        check(audible.subtracting(known).isEmpty, "legs without a call")
        for call in story.seat.calls { say("<cc a=\"105\" c=\"\(call.id)\" r=\"25\"/>") }
        wait(.seconds(90))
        check(told.isEmpty, "calls without an end: \(told)")
        check(story.seat.calls.isEmpty && story.seat.dialling == nil, "calls are left")
        check(story.openLegs.isEmpty && story.seat.legs.isEmpty, "legs are left: \(story.openLegs)")
        check(story.seat.waiting.isEmpty && story.seat.expectations.isEmpty, "something is waited for")
        check(story.seat.keySequence == nil, "keys are left")
        let unanswered = asked.filter { story.replies[$0] == nil }
        check(unanswered.isEmpty, "commands without an answer: \(unanswered)")
        takeNextCall()
    }

    private mutating func takeNextCall() {
        if story.seat.login == nil { logIn() }
        say(#"<cc a="1"/>"#)
        if case .success(let reply)? = story.reply(.checkMonitorState), let call = reply["result"]?["ccNumber"]?.string,
            !call.isEmpty
        {
            _ = story.command(.monitor(.stopCallMonitor, ccNumber: call))
            say("<cm a=\"2\" c=\"\(call)\" r=\"404\"/>")
            _ = story.command(.monitor(.exitJoinMonitor, ccNumber: call))
            say("<cm a=\"4\" c=\"\(call)\" r=\"404\"/>")
        }
        check(story.seat.state == .idle, "the seat is \(story.seat.state)")
        check(story.reply(.call(number: "10010")) == .success(["result": 2]), "no next call")
        say(#"<cc a="201" r="200" c="next" n="10010"/>"#)
        story.invite(for: "next")
        say(#"<cc a="104" c="next" n="10010"/>"#)
        check(story.seat.state == .talking, "the next call is \(story.seat.state)")
        check(story.openLegs.count == 1 && story.mutedLegs.isEmpty, "the next call is not heard")
        say(#"<cc a="105" c="next" r="25"/>"#)
        wait(.seconds(10))
        check(told.isEmpty && story.openLegs.isEmpty, "the next call does not end")
    }
}

/// What may happen.
extension Tale {
    private mutating func notice(call: String) {
        let reason = one(of: ["20", "25", "26"])
        let result = one(of: ["200", "200", "200", "503"])
        let number = pick(1..<7)
        say(
            one(of: [
                #"<cc a="1"/>"#, #"<cc a="2"/>"#, "<cc a=\"100\" c=\"\(call)\" n=\"138\"/>",
                "<cc a=\"100\" c=\"\(call)\" n=\"138\"/>", "<cc a=\"101\" c=\"\(call)\"/>",
                "<cc a=\"104\" c=\"\(call)\" n=\"138\"/>", "<cc a=\"104\" c=\"\(call)\" n=\"138\"/>",
                "<cc a=\"105\" c=\"\(call)\" r=\"\(reason)\"/>",
                "<cc a=\"201\" r=\"\(result)\" c=\"\(call)\" n=\"138\"/>",
                "<cc a=\"301\" r=\"\(result)\" c=\"\(call)\" n=\"1001\"/>", "<cc a=\"309\" c=\"\(call)\"/>",
                "<cc a=\"38\" c=\"\(call)\"/>", "<cc a=\"39\" c=\"\(call)\"/>", "<cc a=\"87\" r=\"\(result)\"/>",
                "<cm a=\"\(number)\" c=\"\(call)\" r=\"\(result)\"/>", "<cm a=\"\(number)\" c=\"\(call)\" r=\"200\"/>",
                "<rc n=\"1001_00010078\" t=\"10010\" c=\"\(call)\" b=\"1\" e=\"\"/>",
                one(of: Self.nonsense),
            ]))
    }

    private mutating func command(call: String) {
        let verb = one(of: MonitorVerb.allCases)
        let command: Command = one(of: [
            .call(number: "10010"), .call(number: "1001"), .answerPBXCall(ccNumber: call),
            .answerPBXCall(ccNumber: call),
            .terminate(ccNumber: call), .hold(ccNumber: call), .unhold(ccNumber: call), .mute(ccNumber: call),
            .unmute(ccNumber: call), .changeStatus(.busy), .changeStatus(.idle),
            .transferPBXCall(.init(gid: "2033", transNumber: "1002", ccNumber: call)),
            .setAfterCallStatus(ccNumber: call), .cancelAfterCallStatus(ccNumber: call),
            .sendDTMF(Command.Keys("1,2")!), .monitor(verb, ccNumber: call),
            .monitor(.startCallMonitor, ccNumber: call),
            .callQuality(ccNumber: call, interval: .seconds(5)),
        ])
        note("\(command)")
        asked.append(story.command(command))
    }

    private mutating func invite() {
        let call = one(of: Self.calls)
        note("INVITE for \(call)")
        legs.append(story.invite(for: call))
    }

    private mutating func bye() {
        guard !legs.isEmpty else { return }
        note("BYE")
        story.bye(legs.remove(at: pick(0..<legs.count)))
    }

    private mutating func audioEnds() {
        guard !story.openLegs.isEmpty else { return }
        let leg = one(of: story.openLegs)
        let isFailure = pick(0..<2) == 0
        note(isFailure ? "audio fails" : "audio is ended by the other side")
        story.feed(isFailure ? .legFailed(leg) : .legEndedByPeer(leg))
    }

    private mutating func changePlatform() {
        story.answersMessages = one(of: [200, 200, 500, nil])
        story.answersMedia = pick(0..<4) > 0
        note("messages get \(story.answersMessages.map(String.init) ?? "no answer"), media \(story.answersMedia)")
    }

    private mutating func loseConnection() {
        story.acceptsConnections = pick(0..<3) > 0
        note("connection lost")
        story.loseConnection()
    }

    private mutating func kickOff() {
        say(#"<o><a><u n="1006_00010078" a="o" nm="Li" r="895"/></a></o>"#)
    }

    private mutating func logIn() {
        if pick(0..<2) == 0 {
            note("logout")
            asked.append(story.command(.logout))
            wait(.seconds(6))
        }
        guard story.seat.login == nil else { return }
        note("login")
        story.acceptsConnections = true
        story.replacePlatform()
        story.getUser()
        asked.append(story.command(.initialize(Story.login)))
        say(#"<cc a="1"/>"#)
    }
}

extension Tale {
    private mutating func say(_ body: String) {
        note(body)
        if story.isConnected { story.notice(body) }
        readEvents()
    }

    private mutating func wait(_ time: Duration) {
        note("\(time)")
        story.advance(by: time)
        readEvents()
    }

    /// Every call has a beginning, at most one answer, and one end.
    private mutating func readEvents() {
        for event in story.takeContents() where event.name == .callEvent {
            let call = event.data["c"]?.string ?? ""
            note("→ \(event.type ?? "") \(call) \(event.data["r"]?.string ?? "")")
            switch event.type {
            case "newPBXCall": check(told.insert(call).inserted, "a call begins twice")
            case "calloutResponse", "callinResponse":
                // The platform made up here gives a new call an old one's number, too.
                if event.data["r"] == "200" { told.insert(call) }
            case "answeredPBXCall":
                told.insert(call)
                check(answered.insert(call).inserted, "a call is answered twice")
            case "cancelPBXCall", "endPBXCall":
                check(told.remove(call) != nil, "a call ends that has not begun")
                answered.remove(call)
            default: break
            }
        }
    }

    private mutating func note(_ what: String) { plot.append(what) }

    private func check(_ holds: Bool, _ complaint: String, location: SourceLocation = #_sourceLocation) {
        if !holds { Issue.record("\(complaint)\n\(plot.suffix(60).joined(separator: "\n"))", sourceLocation: location) }
    }

    private mutating func pick(_ range: Range<Int>) -> Int { Int.random(in: range, using: &randomness) }

    private mutating func one<Element>(of elements: [Element]) -> Element { elements[pick(0..<elements.count)] }
}
