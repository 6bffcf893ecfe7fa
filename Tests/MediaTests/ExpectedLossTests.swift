import Media
import Testing

@Suite("Expected loss") struct ExpectedLossTests {
    private func percents(of reports: [UInt8]) -> [Int] {
        var loss = ExpectedLoss()
        return reports.map { report in
            loss.note(fractionLost: report)
            return loss.percent
        }
    }

    @Test("Losses below two percent count as none") func small() {
        #expect(percents(of: [0, 2, 4, 5, 3]) == [0, 0, 0, 0, 0])
    }

    @Test("More is believed at once, less after some reports (RFC 3550 §6.4.1)") func hysteresis() {
        #expect(percents(of: [26, 51, 0, 0, 0, 0, 0, 0, 0, 0, 0]) == [11, 20, 14, 10, 7, 5, 4, 3, 2, 2, 0])
    }

    @Test("Everything may be lost") func all() {
        #expect(percents(of: [255, 255]) == [100, 100])
    }
}
