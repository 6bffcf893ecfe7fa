import Synchronization
import Testing
import Wire

@testable import ControlAPI

private let start = Instant(nanoseconds: 0)

@Suite("Commands with an Idempotency-Key")
struct IdempotentCommandsTests {
    /// What the callers were given, in order.
    private final class Answers: Sendable {
        private let given = Mutex<[String]>([])
        var all: [String] { given.withLock { $0 } }

        func completion(_ name: String) -> IdempotentCommands.Completion {
            { result in
                let text = if case .success(let json) = result { "\(name) \(json)" } else { "\(name) failed" }
                self.given.withLock { $0.append(text) }
            }
        }
    }

    private let answers = Answers()

    private func key(_ text: String = "k", caller: AccessControl.Caller = .owner) throws -> IdempotentCommands.Key {
        try IdempotentCommands.Key(text, caller: caller, seat: .default)
    }

    private func begin(
        _ commands: inout IdempotentCommands, _ command: Command = .call(number: "10010"), text: String = "k",
        at now: Instant = start, as name: String = "a"
    ) throws -> String {
        switch try commands.begin(command, key(text), at: now, completion: answers.completion(name)) {
        case .first: "first"
        case .waiting: "waiting"
        case .answered(.success(let json)): "\(json)"
        case .answered(.failure(let problem)): problem.name
        }
    }

    @Test("Whoever repeats it meanwhile gets the answer of the first, and so does who repeats it later")
    func repeated() throws {
        var commands = IdempotentCommands()
        #expect(try begin(&commands, as: "a") == "first")
        #expect(try begin(&commands, as: "b") == "waiting")
        for completion in commands.end(try key(), with: .success(2), at: start) { completion(.success(2)) }
        #expect(answers.all == ["a \(JSON.integer(2))", "b \(JSON.integer(2))"])
        #expect(try begin(&commands) == "\(JSON.integer(2))")
        #expect(try begin(&commands, at: start + .seconds(599)) == "\(JSON.integer(2))")
        #expect(try begin(&commands, at: start + .seconds(600)) == "first")
    }

    @Test("What has changed nothing is tried again; what may have is not")
    func failed() throws {
        var commands = IdempotentCommands()
        for problem in [Problem.platformUnreachable, .wrongState, .platformRefused(status: 480)] {
            #expect(try begin(&commands) == "first")
            #expect(commands.end(try key(), with: .failure(problem), at: start).count == 1)
        }
        let unknown = [
            Problem.platformSilent, .connectionLost, .platformSilent.with(code: .callOutsideFailed),
            .platformSilent.with(result: 1),
        ]
        for (number, problem) in unknown.enumerated() {
            #expect(try begin(&commands, text: "\(number)") == "first")
            #expect(commands.end(try key("\(number)"), with: .failure(problem), at: start).count == 1)
            #expect(try begin(&commands, text: "\(number)") == problem.name)
        }
    }

    @Test("A key belongs to one command and one caller")
    func owned() throws {
        var commands = IdempotentCommands()
        #expect(try begin(&commands) == "first")
        #expect(throws: Problem.keyReused) { try begin(&commands, .call(number: "10086")) }
        _ = commands.end(try key(), with: .success(2), at: start)
        #expect(throws: Problem.keyReused) { try begin(&commands, .terminate(ccNumber: "10010")) }
        var registry = TokenRegistry()
        registry.adopt(firstStart: Redacted("secret"), created: 0)
        let other = try key(caller: .token(try #require(registry.tokens.first)))
        #expect(try key() != other)
        #expect(try key("\"k\"") == key("k"))
    }

    @Test(
        "A key that is none is refused",
        arguments: ["", "\"\"", "a b", "ä", "a\u{7F}", String(repeating: "k", count: 256)])
    func malformed(text: String) {
        #expect(throws: Problem.invalidParameter("Idempotency-Key")) { try key(text) }
    }

    @Test("The table is bounded: the oldest answer is forgotten, and what is under way never is")
    func bounded() throws {
        var commands = IdempotentCommands(capacity: 2)
        #expect(try begin(&commands, .call(number: "1"), text: "1") == "first")
        #expect(try begin(&commands, .call(number: "2"), text: "2") == "first")
        #expect(throws: Problem.tooManyRequests) { try begin(&commands, .call(number: "3"), text: "3") }
        _ = commands.end(try key("1"), with: .success(1), at: start)
        #expect(try begin(&commands, .call(number: "3"), text: "3") == "first")
        #expect(try begin(&commands, .call(number: "2"), text: "2") == "waiting")
        #expect(throws: Problem.tooManyRequests) { try begin(&commands, .call(number: "1"), text: "1") }
    }
}
