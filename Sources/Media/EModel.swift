import Wire

/// How good a conversation is, by the E-model (ITU-T G.107), with its default values for what is not measured.
///
/// Echo is taken for none: the ends are digital, and a headset is worn (§3.5, `Idte` and `Idle` are left out).
package enum EModel {
    /// What a codec does to speech, without loss and with it (ITU-T G.113 Appendix I).
    package struct Equipment: Hashable, Sendable {
        /// `Ie`.
        package var impairment: Double
        /// `Bpl`.
        package var lossRobustness: Double

        package init(impairment: Double, lossRobustness: Double) {
            self.impairment = impairment
            self.lossRobustness = lossRobustness
        }

        /// G.711 with the concealment of its Appendix I. Also for G.722 and Opus, of which G.113 has no values on the scale
        /// of narrow-band telephony: so they are not told to be better than a telephone is at its best. Where as much is
        /// concealed the three sound about alike, as `deploy/quality` hears.
        package static let concealed = Equipment(impairment: 0, lossRobustness: 25.1)
    }

    /// The rating `R` (§3.1).
    /// - Parameters:
    ///   - delay: from mouth to ear, `Ta`.
    ///   - loss: the share of the sound that is not heard, from 0 to 1.
    package static func rating(delay: Duration, loss: Double, _ equipment: Equipment = .concealed) -> Double {
        let percent = 100 * min(max(loss, 0), 1)
        let equipmentImpairment =
            equipment.impairment
            + (95 - equipment.impairment) * percent / (percent + equipment.lossRobustness)
        return best - delayImpairment(delay) - equipmentImpairment
    }

    /// `R` of G.711 without delay and loss.
    private static let best = 93.2

    /// `Idd` (§3.5, equation 3-27).
    private static func delayImpairment(_ delay: Duration) -> Double {
        let milliseconds = Double(delay.nanoseconds) / 1_000_000
        guard milliseconds > 100 else { return 0 }
        let x = binaryLogarithm(milliseconds / 100)
        return 25 * (sixthRoot(1 + sixthPower(x)) - 3 * sixthRoot(1 + sixthPower(x / 3)) + 2)
    }

    private static func sixthPower(_ x: Double) -> Double { x * x * x * x * x * x }

    /// Newton's method on the cube root of the square root; a core has no mathematics library.
    private static func sixthRoot(_ x: Double) -> Double {
        let square = x.squareRoot()
        var root = max(square, 1)
        for _ in 0..<64 { root -= (root * root * root - square) / (3 * root * root) }
        return root
    }

    /// The exponent, and the series of the logarithm for the rest.
    private static func binaryLogarithm(_ x: Double) -> Double {
        let ratio = (x.significand - 1) / (x.significand + 1)
        var (term, sum) = (ratio, 0.0)
        for divisor in stride(from: 1.0, to: 40, by: 2) {
            sum += term / divisor
            term *= ratio * ratio
        }
        return Double(x.exponent) + 2 * sum / 0.693_147_180_559_945_3
    }

    /// The mean opinion score, from 1 to 4.5 (Annex B).
    package static func meanOpinionScore(_ rating: Double) -> Double {
        guard rating > 0 else { return 1 }
        guard rating < 100 else { return 4.5 }
        return max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
    }
}
