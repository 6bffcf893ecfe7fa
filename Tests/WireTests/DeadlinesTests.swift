import Testing
import Wire

@Suite("Which of many things is due next")
struct DeadlinesTests {
    private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

    @Test("The earliest is first, changed ones count as they are now, and those due come out in order, once")
    func order() {
        var deadlines = Deadlines<String>()
        #expect(deadlines.first == nil)
        for (key, second) in [("c", 30), ("a", 10), ("d", 40), ("b", 20)] { deadlines.set(at(Int64(second)), for: key) }
        #expect(deadlines.first == at(10))
        deadlines.set(at(50), for: "a")
        deadlines.set(nil, for: "b")
        #expect(deadlines.first == at(30))
        deadlines.set(at(5), for: "d")
        #expect(deadlines.takeDue(at: at(4)) == [])
        #expect(deadlines.takeDue(at: at(30)) == ["d", "c"])
        #expect(deadlines.first == at(50))
        #expect(deadlines.takeDue(at: at(99)) == ["a"])
        #expect(deadlines.first == nil)
    }

    @Test("As a sorted list would have it, whatever is changed")
    func random() {
        var randomness = Randomness.seeded(1)
        var (deadlines, model) = (Deadlines<Int>(), [Int: Instant]())
        for round in 0..<2_000 {
            let key = Int.random(in: 0..<40, using: &randomness)
            let deadline =
                Int.random(in: 0..<4, using: &randomness) == 0 ? nil : at(.random(in: 0..<500, using: &randomness))
            deadlines.set(deadline, for: key)
            model[key] = deadline
            #expect(deadlines.first == model.values.min())
            guard round % 100 == 99 else { continue }
            let due = deadlines.takeDue(at: at(100))
            #expect(due.compactMap { model[$0] } == model.values.filter { $0 <= at(100) }.sorted())
            for key in due { model[key] = nil }
        }
    }
}
