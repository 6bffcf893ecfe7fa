/// Where a core's random numbers come from: the system's secure generator, or a seed that makes a test repeatable.
package enum Randomness: RandomNumberGenerator, Sendable {
    case system
    case seeded(UInt64)

    package mutating func next() -> UInt64 {
        switch self {
        case .system:
            var generator = SystemRandomNumberGenerator()
            return generator.next()
        case .seeded(let state):
            let advanced = state &+ 0x9E37_79B9_7F4A_7C15
            self = .seeded(advanced)
            return Self.splitMix64(advanced)
        }
    }

    /// The output function of SplitMix64: good enough for tests, never used for secrets.
    private static func splitMix64(_ state: UInt64) -> UInt64 {
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    /// Randomness for a part, which from then on goes its own way.
    package mutating func fork() -> Randomness {
        switch self {
        case .system: .system
        case .seeded: .seeded(next())
        }
    }

    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 32) }
    }

    /// A token of letters and digits, good for tags, branches, ICE credentials and bearer tokens.
    package mutating func token(length: Int) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<length).map { _ in alphabet[Int.random(in: alphabet.indices, using: &self)] })
    }
}
