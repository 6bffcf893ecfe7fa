import ControlAPI
import ControlServer
import Dispatch
import Foundation
import Journal
import Logging
import Synchronization
import Testing
import Wire

@testable import Daemon

/// A folder for the journal of an event stream, gone with its owner.
final class EventFolder {
    let path = FileManager.default.temporaryDirectory.path + "/events-" + UUID().uuidString
    var journal: EventJournal

    init() throws {
        journal = EventJournal(path: path + "/events.sqlite")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func open(log: RecordedLog = RecordedLog()) throws -> EventStream {
        try EventStream(journal: journal, logger: log.logger)
    }

    /// Damages one page in the middle of the events, which another program has moved there from the write-ahead log.
    func overwritePage() async throws {
        let program = """
            import os, sqlite3, sys
            path = sys.argv[1]
            sqlite3.connect(path).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            with open(path, "r+b") as file:
                file.seek(os.path.getsize(path) // 4096 // 2 * 4096)
                file.write(b"\\xff" * 4096)
            """
        let python = LiveProcess("/usr/bin/python3", ["-c", program, journal.path], environment: [:])
        let outcome = try await python.run(input: "")
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    /// What the folder would be if the process ended now.
    func copied() throws -> EventFolder {
        let copy = try EventFolder()
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where !name.hasSuffix("-shm") {
            try FileManager.default.copyItem(atPath: path + "/" + name, toPath: copy.path + "/" + name)
        }
        return copy
    }
}

extension EventStream {
    /// Lets `numbers.count` events happen, whose data are the numbers.
    nonisolated func publish(_ numbers: ClosedRange<Int>, bytes: Int = 0) {
        for number in numbers {
            let padding = String(repeating: "x", count: bytes)
            let data: JSON = ["number": .integer(Int64(number)), "padding": .string(padding)]
            publish(Event.Content(.statusChanged, data: data), seat: "default", at: .now)
        }
    }

    nonisolated func position(_ seq: UInt64) -> LogPosition { LogPosition(epoch: epoch, seq: seq) }

    nonisolated var epoch: String { position.epoch }

    /// Waits until what the queue has been asked for before is done.
    func idle() {}
}

/// A subscriber that holds up the queue of the events, as a disk does that does not answer, until it is opened.
final class GateSink: EventSink {
    private let gate = DispatchSemaphore(value: 0)
    private let entering = AsyncStream.makeStream(of: Void.self)
    private let isOpen = Mutex(false)

    func send(_ message: EventMessage) {
        guard !isOpen.withLock({ $0 }) else { return }
        entering.continuation.yield()
        gate.wait()
    }

    func whenDrained(_ action: @escaping @Sendable () -> Void) { action() }

    func entered() async {
        for await _ in entering.stream { break }
    }

    func open() {
        isOpen.withLock { $0 = true }
        gate.signal()
    }
}

/// A subscriber that writes down what it is sent, and takes it or not.
final class RecordingSink: EventSink {
    enum Entry: Equatable, CustomStringConvertible {
        case event(UInt64)
        case gap(UInt64, UInt64)

        var description: String {
            switch self {
            case .event(let seq): "\(seq)"
            case .gap(let from, let to): "gap \(from)...\(to)"
            }
        }
    }

    private struct Waiter {
        let isEnough: @Sendable ([EventMessage]) -> Bool
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var messages: [EventMessage] = []
        var waiting: [@Sendable () -> Void] = []
        var isTaking: Bool
        var waiter: Waiter?
    }

    private let state: Mutex<State>

    init(taking: Bool = true) {
        state = Mutex(State(isTaking: taking))
    }

    var messages: [EventMessage] { state.withLock { $0.messages } }

    var entries: [Entry] { messages.map(Self.entry) }

    /// Waits until it has been sent so many messages.
    func received(_ count: Int) async {
        await received { $0.count >= count }
    }

    /// Waits until it has been told of everything up to that number.
    func received(through seq: UInt64) async {
        await received { $0.last.map { $0.position.seq >= seq } ?? false }
    }

    private func received(_ isEnough: @escaping @Sendable ([EventMessage]) -> Bool) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let isOver = state.withLock { state in
                    let isOver = Task.isCancelled || isEnough(state.messages)
                    if !isOver { state.waiter = Waiter(isEnough: isEnough, continuation: continuation) }
                    return isOver
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.continuation.resume()
        }
    }

    func send(_ message: EventMessage) {
        let waiter = state.withLock { state in
            state.messages.append(message)
            guard let waiter = state.waiter, waiter.isEnough(state.messages) else { return nil as Waiter? }
            state.waiter = nil
            return waiter
        }
        waiter?.continuation.resume()
    }

    func whenDrained(_ action: @escaping @Sendable () -> Void) {
        let now = state.withLock { state in
            if !state.isTaking { state.waiting.append(action) }
            return state.isTaking
        }
        if now { action() }
    }

    /// Takes what it was sent up to now.
    func drain() {
        let actions = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for action in actions { action() }
    }

    /// The text of an event begins with its data, that of a gap with its epoch: not every one of thousands is parsed here.
    private static func entry(_ message: EventMessage) -> Entry {
        guard message.text.starts(with: Array(#"{"epoch""#.utf8)) else { return .event(message.position.seq) }
        let json = try? JSONDecoder().decode(JSON.self, from: Data(message.text))
        let ends = ["from", "to"].map { json?["gap"]?[$0]?.lenientInteger.flatMap(UInt64.init(exactly:)) ?? .max }
        #expect(ends[1] == message.position.seq)
        return .gap(ends[0], ends[1])
    }
}

extension [RecordingSink.Entry] {
    static func events(_ seqs: ClosedRange<UInt64>) -> Self { seqs.map { .event($0) } }
}
