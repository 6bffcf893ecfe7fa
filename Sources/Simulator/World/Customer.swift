import Wire

/// Somebody outside with a telephone; how one behaves is written in the last digits of the number, unless a scenario says it.
///
/// | number ends in | behaviour |
/// |---|---|
/// | a refusal code: `470` `471` `486` `502` `503` `507` `508` `509` `511` `512` | the call is refused with it; `503` is busy |
/// | `020` | never answers |
/// | `021` | refuses; networks do not tell the platform, so it looks the same |
/// | `25` and a digit from 1 | answers, hangs up after that many seconds |
/// | anything else | answers, stays until the agent hangs up |
package struct Customer: Sendable, Equatable {
    package enum Behaviour: Sendable, Equatable {
        case refused(code: Int)
        case neverAnswers
        case declines
        case talks(hangsUpAfter: Duration?)
    }

    package let number: String
    package var behaviour: Behaviour
    /// How long the telephone rings; that of all customers when nil.
    package var answersAfter: Duration?
    package var voice = Voice()

    package init(number: String) {
        self.number = number
        let ending = String(number.suffix(3))
        if let code = Int(ending), Self.refusals.contains(code) {
            behaviour = .refused(code: code)
        } else if ending == "020" {
            behaviour = .neverAnswers
        } else if ending == "021" {
            behaviour = .declines
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

/// What a customer says.
package struct Voice: Sendable, Hashable {
    package enum Prompt: Sendable, Hashable {
        /// What the platform was started with: a melody, or a file.
        case greeting
        /// Something that sounds like speech.
        case speech
        /// Hertz.
        case tone(Double)
        case silence
    }

    package var prompt = Prompt.greeting
    /// Whether what is heard is said again after the prompt; without that the prompt goes on and on.
    package var echoes = true

    package init() {}
}
