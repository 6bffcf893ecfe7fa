import Simulator
import Testing
import Wire

@Suite("What the seats of a skill group are told of each other (platform protocol §3.2)")
struct SimulatorGroupTests {
    private func notice(_ id: Platform.ConnectionID, in story: SimulatorStory) -> Element? {
        story.groupNotices[id]?.last.flatMap { try? Element(parsing: [UInt8]($0.utf8).span) }
    }

    private func seats(_ id: Platform.ConnectionID, in story: SimulatorStory) -> [String]? {
        notice(id, in: story)?.children.map { "\($0["n"] ?? "") \($0["m"] ?? "") \($0["s"] ?? "") \($0["b"] ?? "")" }
    }

    @Test("82 a second after something has changed: who is there, in which mode, what each does and since when")
    func changes() {
        var story = SimulatorStory { $0.unixTimeAtZero = 1_000_000 }
        let (first, second) = (story.logIn("1001"), story.logIn("1002"))
        #expect(story.groupNotices == [:])
        story.wait(.seconds(1))
        #expect(notice(first, in: story)?["n"] == "2033")
        #expect(seats(first, in: story) == ["1001 52 1 1001", "1002 52 1 1001"])
        #expect(seats(second, in: story) == seats(first, in: story))

        story.send(#"<cc a="2"/>"#, second)
        story.send(#"<cc a="51"/>"#, second)
        story.wait(.seconds(5))
        #expect(seats(first, in: story) == ["1001 52 1 1001", "1002 51 2 1002"])
        #expect(story.groupNotices[first]?.count == 2)

        story.send(#"<cc a="200" p="02566699734" i="1" t="10010"/>"#, first)
        story.wait(.seconds(2))
        #expect(seats(second, in: story) == ["1001 52 5 1007", "1002 51 2 1002"])
        story.hangUp(first)
        story.disconnect(second)
        story.wait(.seconds(2))
        #expect(seats(first, in: story) == ["1001 52 1 1009"])
    }

    @Test("Each group by itself; who is in none, or in one of more than 50, is told nothing")
    func groups() {
        var story = SimulatorStory { $0.world = .enterprise(seats: 60) }
        let sales = story.logIn("1001")
        let service = story.connect("1003")
        let none = story.connect("1009")
        for (id, group) in [(service, "2034"), (none, "0")] {
            for body in [#"<cc a="1"/>"#, "<cc a=\"53\" g=\"\(group)_65656\"/>"] { story.send(body, id) }
        }
        story.wait(.seconds(1))
        #expect(seats(sales, in: story)?.count == 1)
        #expect(seats(service, in: story)?.first?.hasPrefix("1003 ") == true)
        #expect(story.groupNotices[none] == nil)

        let told = story.groupNotices[sales]?.count
        for seat in 1011...1060 { _ = story.logIn(String(seat)) }
        story.wait(.seconds(2))
        #expect(story.groupNotices[sales]?.count == told)
    }
}
