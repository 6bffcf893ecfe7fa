import Wire

/// Somebody outside with a telephone; how one behaves is written in the last digits of the number.
///
/// | number ends in | behaviour |
/// |---|---|
/// | a refusal code: `470` `471` `486` `502` `503` `507` `508` `509` `511` `512` | the call is refused with it |
/// | `020` | never answers |
/// | `25` and a digit from 1 | answers, hangs up after that many seconds |
/// | anything else | answers, stays until the agent hangs up |
package struct Customer: Sendable, Equatable {
    package enum Behaviour: Sendable, Equatable {
        case refused(code: Int)
        case neverAnswers
        case talks(hangsUpAfter: Duration?)
    }

    package let number: String
    package let behaviour: Behaviour

    package init(number: String) {
        self.number = number
        let ending = String(number.suffix(3))
        if let code = Int(ending), Self.refusals.contains(code) {
            behaviour = .refused(code: code)
        } else if ending == "020" {
            behaviour = .neverAnswers
        } else if ending.hasPrefix("25"), let seconds = Int(ending.suffix(1)), seconds > 0 {
            behaviour = .talks(hangsUpAfter: .seconds(seconds))
        } else {
            behaviour = .talks(hangsUpAfter: nil)
        }
    }

    /// How long a conversation lasts before the customer ends it.
    package var hangsUpAfter: Duration? {
        if case .talks(let duration) = behaviour { duration } else { nil }
    }

    private static let refusals: Set = [470, 471, 486, 502, 503, 507, 508, 509, 511, 512]
}
