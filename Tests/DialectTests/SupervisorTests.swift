import ControlAPI
import Testing
import Wire

@testable import Dialect

@Suite("The supervisor's assumed bodies, and others in their place (platform protocol §3.4)")
struct SupervisorTests {
    private func facts(_ supervisor: Platform.Supervisor, _ body: String) -> [Fact] {
        var configuration = Platform.Configuration(hosts: HostTable([:]))
        configuration.supervisor = supervisor
        return Platform(configuration: configuration).facts(in: .message(body: Array(body.utf8)))
    }

    private func text(_ element: Element) -> String {
        String(decoding: element.document, as: UTF8.self).replacing(
            #"<?xml version="1.0" encoding="utf-8"?>"#, with: "")
    }

    @Test("The six verbs are cm a=1 to a=6, the wish to be told of calls a=10")
    func assumed() {
        let supervisor = Platform.Supervisor()
        let bodies = MonitorVerb.allCases.map { text(supervisor.body($0.rawValue, ["ccNumber": "7"])) }
        #expect(bodies == (1...6).map { #"<cm a="\#($0)" c="7"/>"# })
        #expect(text(supervisor.body("watchCalls")) == #"<cm a="10"/>"#)
    }

    @Test("An answer is the same body with the result in r")
    func answers() {
        let supervisor = Platform.Supervisor()
        #expect(
            facts(supervisor, #"<cm a="3" c="7" r="200"/>"#) == [.monitored(.joinFromMonitor, "7", refusal: nil)])
        #expect(
            facts(supervisor, #"<cm a="6" c="7" r="404"/>"#) == [.monitored(.terminateCall, "7", refusal: .noSuchCall)])
        #expect(facts(supervisor, #"<cm a="3" c="7"/>"#) == [])
        #expect(facts(supervisor, #"<cm a="3" c="" r="200"/>"#) == [])
        #expect(facts(supervisor, #"<cm a="9" c="7" r="200"/>"#) == [])
    }

    @Test("A body can be another one, and so is its answer; the others stay")
    func overridden() {
        let supervisor = Platform.Supervisor(bodies: ["joinFromMonitor": #"<mon do="join" id="{ccNumber}"/>"#])
        #expect(text(supervisor.body("joinFromMonitor", ["ccNumber": "7"])) == #"<mon do="join" id="7"/>"#)
        #expect(
            facts(supervisor, #"<mon id="7" do="join" r="200"/>"#) == [.monitored(.joinFromMonitor, "7", refusal: nil)])
        #expect(facts(supervisor, #"<cm a="3" c="7" r="200"/>"#) == [])
        #expect(
            facts(supervisor, #"<cm a="1" c="7" r="200"/>"#) == [.monitored(.startCallMonitor, "7", refusal: nil)])
    }

    @Test("A report names extensions without their enterprise, and other numbers as they are")
    func report() {
        let data: JSON = [
            "caller": "1001", "callee": "+86_25", "ccNumber": "7", "callTime": 1, "endTime": "",
        ]
        #expect(
            facts(.init(), #"<rc n="1001_00010078" t="+86_25" c="7" b="1" e=""/>"#) == [
                .reported("7", isOver: false, data: data)
            ])
    }

    @Test(
        "What is no template is known for that",
        arguments: [
            ("<a/>", true), (#"<a b="{c}" d="e"/>"#, true), (#"<a b="x{c}"/>"#, false), ("<a><b/></a>", false),
            ("a", false), ("", false),
        ])
    func templates(text: String, isTemplate: Bool) {
        #expect(Platform.Supervisor.isTemplate(text) == isTemplate)
    }

    @Test("Who is a supervisor is a matter of configuration")
    func permission() {
        #expect(Platform.Supervisor().isSupervisor(1))
        #expect(Platform.Supervisor().isSupervisor("1"))
        #expect(!Platform.Supervisor().isSupervisor("0"))
        #expect(!Platform.Supervisor().isSupervisor(nil))
        #expect(Platform.Supervisor(permissions: ["3", "4"]).isSupervisor("4"))
    }
}
