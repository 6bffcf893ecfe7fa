import Synchronization
import Testing

@testable import Audio

/// Against a real PulseAudio server, which bootstrap installs.
@Suite(.serialized, .timeLimit(.minutes(1))) struct PulseTests {
    private let server = PulseServer()

    @Test("A tone played to a loudspeaker is heard by a microphone on its monitor")
    func tone() async throws {
        try await server.start()
        let loop = PulseLoop(server: server.address)
        loop.start()
        defer { loop.stop() }
        #expect(await loop.hears(440, from: ToneSource(frequency: 440, level: -12), level: -12))
        #expect(loop.changes == [.ready, .ready])
    }

    @Test("A server that goes away is reported; when it is back, so is the sound")
    func serverRestarts() async throws {
        try await server.start()
        let loop = PulseLoop(server: server.address)
        loop.start()
        defer { loop.stop() }
        let tone = ToneSource(frequency: 700, level: -12)
        #expect(await loop.hears(700, from: tone, level: -12))
        server.stop()
        #expect(await loop.passes(tone) { loop.changes.count == 4 && $0.frequency == nil })
        try await server.start()
        #expect(await loop.hears(700, from: tone, level: -12))
        let away = AudioDevice.Condition.unavailable(reason: "Connection terminated")
        #expect(loop.changes == [.ready, .ready, away, away, .ready, .ready])
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
    private let conditions = Changes()

    init(server: String) {
        sink = PulseSink(server: server, name: "spk") { [conditions] in conditions.add($0) }
        source = PulseSource(server: server, name: "spk.monitor") { [conditions] in conditions.add($0) }
    }

    var changes: [AudioDevice.Condition] { conditions.all }

    func start() {
        sink.start()
        source.start()
    }

    func stop() {
        sink.stop()
        source.stop()
    }

    func hears(_ frequency: Double, from tone: ToneSource, level: Double) async -> Bool {
        await passes(tone) { reading in
            abs((reading.frequency ?? 0) - frequency) < 2 && abs(reading.level - level) < 1
        }
    }

    /// Plays until what is heard is as wanted, for 20 seconds at most.
    func passes(_ tone: ToneSource, until wanted: (ToneMeter.Reading) -> Bool) async -> Bool {
        var meter = ToneMeter()
        let clock = ContinuousClock()
        var tick = clock.now
        for _ in 0..<1000 {
            tick += AudioFormat.frameDuration
            try? await clock.sleep(until: tick)
            sink.write(nextFrame(of: tone).span)
            meter.add(nextFrame(of: source).span)
            if wanted(meter.reading) { return true }
        }
        return false
    }
}

private final class Changes: Sendable {
    private let conditions = Mutex<[AudioDevice.Condition]>([])

    var all: [AudioDevice.Condition] { conditions.withLock { $0 } }

    func add(_ condition: AudioDevice.Condition) {
        conditions.withLock { $0.append(condition) }
    }
}
