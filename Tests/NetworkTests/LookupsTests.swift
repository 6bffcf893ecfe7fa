import Dispatch
import Synchronization
import Testing
import Wire

@testable import Network

@Suite("Names are looked up by few threads, however many ask", .timeLimit(.minutes(1)))
struct LookupsTests {
    /// A resolver that answers nobody until it is let go.
    private final class Resolver: Sendable {
        let asked: Mutex<[String]> = Mutex([])
        let gate = DispatchSemaphore(value: 0)

        func ask(_ name: String) -> [IPAddress] {
            asked.withLock { $0.append(name) }
            gate.wait()
            return IPAddress("192.0.2.1").map { [$0] } ?? []
        }
    }

    @Test("The same name is asked for once at a time, and no more than eight names at once")
    func bounded() async {
        let resolver = Resolver()
        let lookups = Lookups { resolver.ask($0) }
        let (answers, answered) = AsyncStream.makeStream(of: Int.self)
        for name in 0..<12 {
            for _ in 0..<3 { lookups.find("host\(name)") { answered.yield($0.count) } }
        }
        while resolver.asked.withLock({ $0.count }) < 8 { await Task.yield() }
        #expect(Set(resolver.asked.withLock(\.self)) == Set((0..<8).map { "host\($0)" }))
        for _ in 0..<12 { resolver.gate.signal() }
        var count = 0
        for await addresses in answers {
            #expect(addresses == 1)
            count += 1
            if count == 36 { break }
        }
        #expect(resolver.asked.withLock { $0.count } == 12)
        lookups.find("host1") { answered.yield($0.count) }
        resolver.gate.signal()
        for await _ in answers { break }
        #expect(resolver.asked.withLock { $0.count } == 13)
    }
}
