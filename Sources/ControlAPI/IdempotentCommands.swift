import Wire

/// The commands that came with an `Idempotency-Key`, so that one sent again does not act again
/// (draft-ietf-httpapi-idempotency-key-header).
///
/// A caller repeats a request when it does not know what became of it. While the first is still being carried out the
/// repetition waits for the same answer; afterwards it gets that answer. A problem after which nothing has happened is not
/// kept: then the repetition is the retry it looks like.
package struct IdempotentCommands: Sendable {
    package typealias Completion = @Sendable (Result<JSON, Problem>) -> Void

    /// Keys of different callers, or for different seats, have nothing to do with each other.
    package struct Key: Hashable, Sendable {
        private let caller: String?
        private let seat: SeatName
        private let text: String

        /// - Parameter field: a string as structured fields have it (RFC 9651 §3.3.3), or the same without its quotes.
        package init(_ field: String, caller: AccessControl.Caller, seat: SeatName) throws(Problem) {
            var text = field[...]
            if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
            guard 1...255 ~= text.utf8.count, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
                throw .invalidParameter("Idempotency-Key")
            }
            self.text = String(text)
            self.seat = seat
            self.caller = if case .token(let token) = caller { token.id } else { nil }
        }
    }

    package enum Verdict: Sendable {
        /// The command has to be carried out, and its result given to ``end(_:with:at:)``.
        case first
        /// The completion will be among those that ``end(_:with:at:)`` returns.
        case waiting
        case answered(Result<JSON, Problem>)
    }

    private struct Entry {
        let command: Command
        var waiting: [Completion]
        var result: Result<JSON, Problem>?
        /// When it began, and once it has a result, when it got that.
        var since: Instant
    }

    private let capacity: Int
    private let lifetime: Duration
    private var entries: [Key: Entry] = [:]

    package init(capacity: Int = 1024, lifetime: Duration = .seconds(600)) {
        self.capacity = max(1, capacity)
        self.lifetime = lifetime
    }

    package mutating func begin(
        _ command: Command, _ key: Key, at now: Instant, completion: @escaping Completion
    ) throws(Problem) -> Verdict {
        if let entry = entries[key], entry.result == nil || entry.since + lifetime > now {
            guard entry.command == command else { throw .keyReused }
            if let result = entry.result { return .answered(result) }
            entries[key]?.waiting.append(completion)
            return .waiting
        }
        if entries.count >= capacity { try makeRoom(at: now) }
        entries[key] = Entry(command: command, waiting: [completion], since: now)
        return .first
    }

    /// Who is to be given the result now.
    package mutating func end(_ key: Key, with result: Result<JSON, Problem>, at now: Instant) -> [Completion] {
        guard var entry = entries[key], entry.result == nil else { return [] }
        let waiting = entry.waiting
        entry.waiting = []
        entry.result = result
        entry.since = now
        entries[key] = result.mayHaveActed ? entry : nil
        return waiting
    }

    private mutating func makeRoom(at now: Instant) throws(Problem) {
        entries = entries.filter { $0.value.result == nil || $0.value.since + lifetime > now }
        guard entries.count >= capacity else { return }
        let answered = entries.filter { $0.value.result != nil }
        guard let oldest = answered.min(by: { $0.value.since < $1.value.since }) else { throw .tooManyRequests }
        entries[oldest.key] = nil
    }
}

extension Result<JSON, Problem> {
    /// Without an answer nobody knows.
    fileprivate var mayHaveActed: Bool {
        switch self {
        case .success: true
        case .failure(let problem): [Problem.platformSilent, .connectionLost].contains { $0.name == problem.name }
        }
    }
}
