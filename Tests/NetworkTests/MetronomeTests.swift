import Network
import Testing
import Wire

/// What a listener does at its beats, and how many there were.
private final class Listener: BeatListener {
    private(set) var beats: [Instant] = []
    private let onBeat: (Listener) -> Void

    init(onBeat: @escaping (Listener) -> Void = { _ in }) {
        self.onBeat = onBeat
    }

    func beat(at now: Instant) {
        beats.append(now)
        onBeat(self)
    }
}

private actor Band {
    private let executor = QueueExecutor(label: "band")
    private let mailbox: Mailbox<[Instant]>
    private var listeners: [Listener] = []

    init(_ mailbox: Mailbox<[Instant]>) {
        self.mailbox = mailbox
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Posts the beats of each listener when the last has had three, and gives when the first is due.
    func listen(_ count: Int) -> Instant {
        let metronome = executor.metronome
        listeners = (0..<count).map { _ in Listener() }
        listeners.append(
            Listener { [weak self] last in
                guard last.beats.count == 3 else { return }
                self?.assumeIsolated { $0.leave() }
            })
        for listener in listeners { metronome.add(listener) }
        return metronome.next
    }

    private func leave() {
        for listener in listeners { executor.metronome.remove(listener) }
        for listener in listeners { mailbox.post(listener.beats) }
        listeners = []
    }

    /// The first one sends those on both its sides away at its second beat, and posts the beats of all at its fourth.
    func sendAway() {
        let metronome = executor.metronome
        let (before, after, later) = (Listener(), Listener(), Listener())
        let first = Listener { [mailbox] first in
            if first.beats.count == 2 {
                metronome.remove(before)
                metronome.remove(after)
                metronome.add(later)
            } else if first.beats.count == 4 {
                metronome.remove(first)
                metronome.remove(later)
                for listener in [before, first, after, later] { mailbox.post(listener.beats) }
            }
        }
        for listener in [before, first, after] { metronome.add(listener) }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct MetronomeTests {
    @Test("All listeners have the same beats, 20 ms apart and none before it is due")
    func beats() async throws {
        let mailbox = Mailbox<[Instant]>()
        let band = Band(mailbox)
        let first = await band.listen(2)
        for _ in 0..<3 {
            let beats = try await mailbox.next()
            #expect(beats.count == 3)
            for (number, beat) in beats.enumerated() { #expect(beat >= first + Metronome.interval * number) }
        }
    }

    @Test("Who leaves during a beat has no more of it, and who comes then waits for the next")
    func leaving() async throws {
        let mailbox = Mailbox<[Instant]>()
        let band = Band(mailbox)
        await band.sendAway()
        var counts: [Int] = []
        for _ in 0..<4 { counts.append(try await mailbox.next().count) }
        #expect(counts == [2, 4, 1, 1])
    }

    @Test("When the last listener has left nothing beats, and the next one begins anew")
    func silence() async throws {
        let mailbox = Mailbox<[Instant]>()
        let band = Band(mailbox)
        let first = await band.listen(0)
        _ = try await mailbox.next()
        let second = await band.listen(0)
        _ = try await mailbox.next()
        #expect((second - first).nanoseconds % Metronome.interval.nanoseconds != 0)
    }
}
