import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Audio

/// Against a real PulseAudio server, which bootstrap installs.
@Suite(.serialized, .timeLimit(.minutes(2))) struct PulseTests {
    private let server = PulseServer()

    @Test("A tone played to a loudspeaker is heard by a microphone on its monitor")
    func tone() async throws {
        try await server.start()
        let loop = PulseLoop(server.address, microphone: ["spk.monitor"], speaker: ["spk"], tone: 440)
        defer { loop.stop() }
        #expect(await loop.hears(440))
        #expect(loop.changes(of: .microphone) == [.ready])
        #expect(loop.changes(of: .speaker) == [.ready])
        let state = loop.server.state
        #expect(state.uses[.speaker] == SoundState.Use(device: "spk", open: "spk"))
        #expect(state.uses[.microphone] == SoundState.Use(device: "spk.monitor", open: "spk.monitor"))
        #expect(try await server.control("list", "sink-inputs").contains("media.role = \"phone\""))
    }

    @Test("A server that is killed is reported; when it is back, so is the sound")
    func serverRestarts() async throws {
        try await server.start()
        let loop = PulseLoop(server.address, microphone: ["spk.monitor"], speaker: ["spk"], tone: 700)
        defer { loop.stop() }
        #expect(await loop.hears(700))
        server.kill()
        let away = AudioDevice.Condition.unavailable(reason: "Connection terminated")
        #expect(await eventually { loop.changes(of: .speaker).contains(away) && loop.heard.frequency == nil })
        try await server.start()
        #expect(await loop.hears(700))
        #expect(loop.changes(of: .speaker).first == .ready)
        #expect(loop.changes(of: .speaker).last == .ready)
        #expect(loop.changes(of: .microphone).contains(away))
    }

    @Test(
        "A loudspeaker that is pulled out gives way to the next of the list within 500 ms, and comes back to its place")
    func hotPlug() async throws {
        try await server.start()
        let headset = try await server.load("module-null-sink", "sink_name=headset", "rate=48000")
        let loop = PulseLoop(
            server.address, microphone: ["headset.monitor", "spk.monitor"], speaker: ["headset", "spk"], tone: 440)
        defer { loop.stop() }
        #expect(await loop.hears(440))
        #expect(loop.server.state.uses[.speaker]?.open == "headset")
        try await server.unload(headset)
        let pulled = ContinuousClock.now
        #expect(await eventually { loop.isOpen("spk", "spk.monitor") })
        let changed = try #require(loop.opened(on: "spk"))
        #expect(changed - pulled < .milliseconds(500))
        #expect(await loop.hears(440))
        _ = try await server.load("module-null-sink", "sink_name=headset", "rate=48000")
        #expect(await eventually { loop.isOpen("headset", "headset.monitor") })
        #expect(await loop.hears(440))
    }

    @Test("When another device becomes the default one, the sound moves to it within 500 ms")
    func defaultChanges() async throws {
        try await server.start()
        _ = try await server.load("module-null-sink", "sink_name=headset", "rate=48000")
        _ = try await server.control("set-default-sink", "spk")
        let loop = PulseLoop(server.address, microphone: ["spk.monitor"], speaker: ["default"], tone: 440)
        defer { loop.stop() }
        #expect(await eventually { loop.server.state.uses[.speaker]?.open == "spk" })
        _ = try await server.control("set-default-sink", "headset")
        let changed = ContinuousClock.now
        #expect(await eventually { loop.server.state.uses[.speaker]?.open == "headset" })
        #expect(try #require(loop.opened(on: "headset")) - changed < .milliseconds(500))
        loop.server.choose(SoundChoice(microphone: ["headset.monitor"], speaker: ["default"]))
        #expect(await loop.hears(440))
    }

    @Test("Volume and mute are read and set")
    func volume() async throws {
        try await server.start()
        let loop = PulseLoop(server.address, microphone: ["spk.monitor"], speaker: ["spk"], tone: 440)
        defer { loop.stop() }
        #expect(await loop.hears(440))
        #expect(await loop.set(volume: 0.5, isMuted: nil, of: .speaker))
        #expect(await eventually { abs((loop.device("spk")?.volume ?? 0) - 0.5) < 0.01 })
        // A software volume of 0.5 is 18 dB less.
        #expect(await eventually { abs(loop.heard.level + 30) < 1 })
        #expect(await loop.set(volume: 1, isMuted: true, of: .speaker))
        #expect(await eventually { loop.heard.frequency == nil && loop.device("spk")?.isMuted == true })
        _ = try await server.control("set-sink-mute", "spk", "0")
        #expect(await eventually { loop.device("spk")?.isMuted == false })
        #expect(await loop.set(volume: 1, isMuted: nil, of: .ringer) == false)
    }

    @Test("Echo cancellation is loaded for a call, used, reported, and unloaded afterwards")
    func echoCancellation() async throws {
        try await server.start()
        _ = try await server.load("module-null-sink", "sink_name=feed", "rate=48000")
        _ = try await server.load("module-remap-source", "master=feed.monitor", "source_name=mic")
        let loop = PulseLoop(
            server.address, microphone: ["mic"], speaker: ["spk"], tone: 440, echoCancellation: .on)
        #expect(await eventually { loop.isOpen("phonebard_speaker", "phonebard_microphone") })
        #expect(loop.server.state.echo == .init(isOn: true, reason: "module-echo-cancel loaded"))
        #expect(loop.server.state.uses[.speaker]?.device == "spk")
        #expect(try await server.control("list", "short", "modules").contains("source_master=mic sink_master=spk"))
        loop.closeDevices()
        #expect(
            try await eventually {
                try await !server.control("list", "short", "modules").contains("module-echo-cancel")
            })
        #expect(await eventually { !loop.server.state.echo.isOn })
        loop.stop()
    }

    @Test("An echo canceller that the server has for these devices is found, and not when it is not wanted")
    func echoCancellerFound() async throws {
        try await server.start()
        _ = try await server.load("module-null-sink", "sink_name=feed", "rate=48000")
        _ = try await server.load("module-remap-source", "master=feed.monitor", "source_name=mic")
        let module = try await server.load("module-echo-cancel", "source_master=mic", "sink_master=spk")
        let loop = PulseLoop(server.address, microphone: ["mic"], speaker: ["spk"], tone: 440)
        defer { loop.stop() }
        #expect(await eventually { loop.isOpen("spk.echo-cancel", "mic.echo-cancel") })
        #expect(loop.server.state.echo == .init(isOn: true, reason: "module-echo-cancel found"))
        try await server.unload(module)
        #expect(await eventually { loop.isOpen("spk", "mic") })
        let off = EchoCancellation.State(isOn: false, reason: "the server has no module-echo-cancel for these devices")
        #expect(await eventually { loop.server.state.echo == off })
    }

    @Test("A server that does not answer and a device it does not have are reported")
    func unavailable() async throws {
        let loop = PulseLoop(server.address, microphone: ["none"], speaker: ["spk"], tone: 440)
        defer { loop.stop() }
        #expect(await eventually { loop.changes(of: .speaker).last == .unavailable(reason: "Connection refused") })
        try await server.start()
        #expect(await eventually { loop.changes(of: .speaker).last == .ready })
        #expect(await eventually { loop.changes(of: .microphone).last == .unavailable(reason: "no such device") })
    }
}

/// A loudspeaker, the microphone that listens to it, and a tick of 20 ms as a media path would give.
final class PulseLoop: Sendable {
    let server: SoundServer
    private let sink: PulseSink
    private let source: PulseSource
    private let tone: ToneSource
    private let openings: Openings
    private let meter = Mutex(ToneMeter())
    private let queue = DispatchQueue(label: "ticks", qos: .userInteractive)

    /// When the speaker was first open on each device.
    private final class Openings: Sendable {
        let times = Mutex<[String: ContinuousClock.Instant]>([:])

        func note(_ state: SoundState) {
            guard let device = state.uses[.speaker]?.open else { return }
            times.withLock { $0[device] = $0[device] ?? .now }
        }
    }

    private final class Changes: Sendable {
        let all = Mutex<[AudioDevice.Condition]>([])
    }

    private let microphoneChanges = Changes()
    private let speakerChanges = Changes()

    /// Ticks until the loop is let go.
    init(
        _ address: String, microphone: [String], speaker: [String], tone: Double,
        echoCancellation: EchoCancellation.Wish = .auto
    ) {
        let openings = Openings()
        self.openings = openings
        self.tone = ToneSource(frequency: tone, level: -12)
        server = SoundServer(
            address: address, choice: SoundChoice(microphone: microphone, speaker: speaker),
            echoCancellation: echoCancellation
        ) { openings.note($0) }
        sink = PulseSink(.speaker, on: server) { [speakerChanges] change in
            speakerChanges.all.withLock { $0.append(change) }
        }
        source = PulseSource(on: server) { [microphoneChanges] change in
            microphoneChanges.all.withLock { $0.append(change) }
        }
        server.start()
        sink.start()
        source.start()
        tick(at: .now())
    }

    var heard: ToneMeter.Reading { meter.withLock { $0.reading } }

    func changes(of role: SoundRole) -> [AudioDevice.Condition] {
        (role == .microphone ? microphoneChanges : speakerChanges).all.withLock { $0 }
    }

    func opened(on device: String) -> ContinuousClock.Instant? { openings.times.withLock { $0[device] } }

    func isOpen(_ speaker: String, _ microphone: String) -> Bool {
        let uses = server.state.uses
        return uses[.speaker]?.open == speaker && uses[.microphone]?.open == microphone
    }

    func device(_ sink: String) -> SoundCatalogue.Device? {
        server.state.catalogue.sinks.first { $0.name == sink }
    }

    func set(volume: Double?, isMuted: Bool?, of role: SoundRole) async -> Bool {
        await server.set(volume: volume, isMuted: isMuted, of: role)
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

    func closeDevices() {
        sink.stop()
        source.stop()
    }

    func stop() {
        closeDevices()
        server.stop()
    }

    /// While what waits in front of a device is brought to its measure, that changes the pitch by up to 0.4 %.
    func hears(_ frequency: Double) async -> Bool {
        await eventually {
            let heard = heard
            return abs((heard.frequency ?? 0) - frequency) < frequency * 0.01 && abs(heard.level + 12) < 1
        }
    }
}
