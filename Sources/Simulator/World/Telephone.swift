import Wire

/// Where a seat's audio goes by `callintype`: to the line, or to a telephone the platform calls (platform protocol §1, §3.3).
package struct Telephone: Sendable, Equatable {
    package enum Kind: Int, Sendable { case callback = 4, sip = 5 }

    /// What becomes of a call to it; the raw values are the scenario API's words.
    package enum Condition: String, Sendable, CaseIterable {
        case ready, unbound, offline, busy

        /// `r` of `cc a=201` and `301`; nil when it can be called.
        var refusal: Int? {
            switch self {
            case .ready: nil
            case .unbound: 470
            case .offline: 471
            case .busy: 486
            }
        }
    }

    package var kind: Kind
    package var number: String
}
