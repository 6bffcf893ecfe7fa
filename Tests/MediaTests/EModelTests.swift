import Media
import Testing
import Wire

@Suite("The E-model (ITU-T G.107)") struct EModelTests {
    private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }

    @Test("The rating is 93.2 at best, and less with delay and loss (§3)") func rating() {
        #expect(rounded(EModel.rating(delay: .zero, loss: 0)) == 93.2)
        #expect(rounded(EModel.rating(delay: .milliseconds(100), loss: 0)) == 93.2)
        #expect(rounded(EModel.rating(delay: .milliseconds(150), loss: 0)) == 93.04)
        #expect(rounded(EModel.rating(delay: .milliseconds(400), loss: 0)) == 69.13)
        // 93.2 - 95 * 5 / (5 + 25.1)
        #expect(rounded(EModel.rating(delay: .zero, loss: 0.05)) == 77.42)
        #expect(
            rounded(EModel.rating(delay: .zero, loss: 0, .init(impairment: 11, lossRobustness: 19))) == 82.2)
    }

    @Test(
        "The score is a curve through 1 and 4.5 (Annex B)",
        arguments: [
            (-3, 1), (0, 1), (50, 2.58), (60, 3.1), (70, 3.6), (80, 4.02), (90, 4.34), (93.2, 4.41), (100, 4.5),
        ])
    func score(rating: Double, score: Double) {
        #expect(abs(EModel.meanOpinionScore(rating) - score) < 0.01)
    }
}
