import Dispatch
import Synchronization
import Testing

@testable import Audio

/// Against a real PulseAudio server, which bootstrap installs.
@Suite(.serialized, .timeLimit(.minutes(1))) struct PulseTests {
    private let server = PulseServer()

    @Test("A tone played to a loudspeaker is heard by a microphone on its monitor")
    func tone() async throws {
        try await server.start()
        let loop = PulseLoop(server: server.address, tone: ToneSource(frequency: 440, level: -12))
        loop.start()
        defer { loop.stop() }
        #expect(await loop.hears(440, at: -12))
        #expect(loop.changes == [.ready, .ready])
    }

    @Test("A server that goes away is reported; when it is back, so is the sound")
    func serverRestarts() async throws {
        try await server.start()
        let loop = PulseLoop(server: server.address, tone: ToneSource(frequency: 700, level: -12))
        loop.start()
        defer { loop.stop() }
        #expect(await loop.hears(700, at: -12))
        server.stop()
        #expect(await eventually { loop.changes.count == 4 && loop.heard.frequency == nil })
        try await server.start()
        #expect(await loop.hears(700, at: -12))
        let away = AudioDevice.Condition.unavailable(reason: "Connection terminated")
        // An attempt made before the server is back says so.
        let early = AudioDevice.Condition.unavailable(reason: "Connection refused")
        #expect(loop.changes.filter { $0 != early } == [.ready, .ready, away, away, .ready, .ready])
    }

    @Test("A server that does not answer and a device it does not have are reported")
    func unavailable() async throws {
        let changes = Changes()
        let orphan = PulseSink(server: server.address, name: nil) { changes.add($0) }
        orphan.start()
        #expect(await eventually { changes.all == [.unavailable(reason: "Connection refused")] })
        orphan.stop()
        try await server.start()
        let stranger = PulseSource(server: server.address, name: "none") { changes.add($0) }
        stranger.start()
        #expect(await eventually { changes.all.last == .unavailable(reason: "No such entity") })
        stranger.stop()
    }
}

/// A loudspeaker, the microphone that listens to it, and a tick of 20 ms as a media path would give.
private final class PulseLoop: Sendable {
    private let sink: PulseSink
    private let source: PulseSource
    private let tone: ToneSource
    private let conditions = Changes()
    private let meter = Mutex(ToneMeter())
    private let queue = DispatchQueue(label: "ticks", qos: .userInteractive)

    init(server: String, tone: ToneSource) {
        self.tone = tone
        sink = PulseSink(server: server, name: "spk") { [conditions] in conditions.add($0) }
        source = PulseSource(server: server, name: "spk.monitor") { [conditions] in conditions.add($0) }
    }

    var changes: [AudioDevice.Condition] { conditions.all }
    var heard: ToneMeter.Reading { meter.withLock { $0.reading } }

    /// Ticks until the loop is let go.
    func start() {
        sink.start()
        source.start()
        tick(at: .now())
    }

    private func tick(at time: DispatchTime) {
        queue.asyncAfter(deadline: time) { [weak self] in
            guard let self else { return }
            sink.write(nextFrame(of: tone).span)
            let frame = nextFrame(of: source)
            meter.withLock { $0.add(frame.span) }
            tick(at: time + .milliseconds(20))
        }
    }

    func stop() {
        sink.stop()
        source.stop()
    }

    func hears(_ frequency: Double, at level: Double) async -> Bool {
        await eventually {
            let heard = heard
            return abs((heard.frequency ?? 0) - frequency) < 2 && abs(heard.level - level) < 1
        }
    }
}

private final class Changes: Sendable {
    private let conditions = Mutex<[AudioDevice.Condition]>([])

    var all: [AudioDevice.Condition] { conditions.withLock { $0 } }

    func add(_ condition: AudioDevice.Condition) {
        conditions.withLock { $0.append(condition) }
    }
}
