import Crypto
import Foundation
import HTTPTypes
import Network
import Testing
import Wire

@Suite("Subscribers who come and go", .serialized, .timeLimit(.minutes(10)))
struct EventResumeTests {
    private static let boundaries: UInt64 = 10_000
    private static let step: UInt64 = 50

    @Test("A subscriber cut off after every single event loses none, gets none twice, and all in order")
    func everyBoundary() async throws {
        let house = try EventHouse()
        let epoch = try #require(try await house.request(.get, "/v1/state")["position"]?["epoch"]?.string)
        var seen: UInt64 = 0
        while seen < Self.boundaries {
            try await house.inject(Int(Self.step))
            seen = try await blocking { [seen] in
                try Self.follow(house, epoch: epoch, after: seen, through: seen + Self.step)
            }
        }
        #expect(seen == Self.boundaries)
        await house.close()
    }

    /// Takes one event for each connection.
    private static func follow(
        _ house: EventHouse, epoch: String, after: UInt64, through last: UInt64
    ) throws -> UInt64 {
        var seen = after
        while seen < last {
            let socket = try house.subscribe(after: "\(epoch):\(seen)")
            guard case .text(let text) = socket.next(), EventSocket.seq(of: text) == seen + 1 else {
                Issue.record("not \(seen + 1)")
                break
            }
            seen += 1
        }
        return seen
    }

    @Test("One of a hundred who does not read is cut off with 1008 and resumes; the others get everything")
    func stalled() async throws {
        let house = try EventHouse()
        let epoch = try #require(try await house.request(.get, "/v1/state")["position"]?["epoch"]?.string)
        let (rounds, step): (UInt64, UInt64) = (10, 30)
        let count = rounds * step
        let stalled = try house.subscribe(after: "\(epoch):0", receiveBuffer: 64 * 1024)
        async let stalledSeen = {
            try await house.logged("reads too slowly")
            let (seen, end) = try await blocking { Self.run(stalled, after: 0, through: count) }
            #expect(end == .closed(1008))
            return seen
        }()
        let others = try (0..<99).map { _ in try house.subscribe(after: "\(epoch):0") }
        for round in 0..<rounds {
            try await house.inject(Int(step), size: 8000)
            try await withThrowingTaskGroup(of: UInt64.self) { group in
                for socket in others {
                    group.addTask {
                        try await blocking { Self.run(socket, after: round * step, through: (round + 1) * step).seen }
                    }
                }
                for try await seen in group { #expect(seen == (round + 1) * step) }
            }
        }
        let seen = try await stalledSeen
        #expect(seen < count)
        let again = try house.subscribe(after: "\(epoch):\(seen)")
        #expect(try await blocking { Self.run(again, after: seen, through: count).seen } == count)
        await house.close()
    }

    /// Reads consecutive events up to `last` or to the first thing that is none.
    private static func run(
        _ socket: EventSocket, after: UInt64, through last: UInt64
    ) -> (seen: UInt64, end: EventSocket.Message?) {
        var seen = after
        while seen < last {
            let message = socket.next()
            guard case .text(let text) = message, EventSocket.seq(of: text) == seen + 1 else { return (seen, message) }
            seen += 1
        }
        return (seen, nil)
    }

    @Test("A snapshot and the events after its position are the truth, whenever it is taken")
    func snapshotThenTail() async throws {
        let house = try EventHouse()
        let rounds = 40
        async let injections: Void = {
            for _ in 0..<rounds { try await house.inject(25) }
        }()
        var snapshots: [(seq: Int64, epoch: String, injected: Int64)] = []
        for _ in 0..<rounds {
            let state = try await house.request(.get, "/v1/state")
            let seq = try #require(state["position"]?["seq"]?.lenientInteger)
            let epoch = try #require(state["position"]?["epoch"]?.string)
            snapshots.append((seq, epoch, try #require(state["injected"]?.lenientInteger)))
        }
        try await injections
        for snapshot in snapshots {
            #expect(snapshot.injected == snapshot.seq)
            guard snapshot.seq < rounds * 25 else { continue }
            let socket = try house.subscribe(after: "\(snapshot.epoch):\(snapshot.seq)")
            let message = try await blocking { socket.next() }
            guard case .text(let text) = message else {
                Issue.record("\(message)")
                continue
            }
            let event = try JSONDecoder().decode(JSON.self, from: Data(text.utf8))
            #expect(event["data"]?["injected"]?.lenientInteger == snapshot.injected + 1)
            #expect(event["seq"]?.lenientInteger == snapshot.seq + 1)
        }
        await house.close()
    }

    @Test("Events are made up for who is let in, and only where a test asks for it")
    func injection() async throws {
        let house = try EventHouse()
        await #expect(throws: (any Error).self) {
            try await requestJSON(
                HTTPClient(trust: .system, timeLimit: .seconds(20)), .post, port: house.port, "/v1/test/events",
                token: "wrong", ["count": 1, "size": 1])
        }
        await #expect(throws: (any Error).self) { try await house.inject(0) }
        #expect(try await house.request(.get, "/v1/state")["position"]?["seq"] == 0)
        await house.close()
    }
}
