import Audio
import ControlAPI
import Logging
import Synchronization
import Wire

/// The agent's microphone, speaker and ringer: which are chosen, opened anew for each call and each tone.
final class Devices: Sendable {
    private struct Chosen {
        var microphone: AudioDevice
        var speaker: AudioDevice
        /// The speaker when nil.
        var ringer: AudioDevice?
        /// Those of calls.
        var open: [Pair] = []

        var sound: SoundChoice {
            SoundChoice(
                microphone: microphone.preferences, speaker: speaker.preferences,
                ringer: (ringer ?? speaker).preferences)
        }
    }

    /// What a call has open, as long as it has.
    private struct Pair {
        weak var source: ReplaceableSource?
        weak var sink: ReplaceableSink?
    }

    private let chosen: Mutex<Chosen>
    private let configured: AudioDevice
    private let tones: TonePlan
    private let wish: EchoCancellation.Wish
    private let server: SoundServer
    private let logger: Logger

    /// `onChange` is told what the API shows, without levels, when devices come, go or are changed for others.
    init(_ configuration: Configuration, logger: Logger, onChange: @escaping @Sendable (JSON) -> Void) {
        let chosen = Chosen(
            microphone: configuration.microphone, speaker: configuration.speaker, ringer: configuration.ringer)
        self.chosen = Mutex(chosen)
        configured = configuration.speaker
        tones = configuration.tones
        wish = configuration.echoCancellation
        self.logger = logger
        let last = Mutex<JSON>(.null)
        server = SoundServer(
            address: configuration.soundServer, choice: chosen.sound, echoCancellation: configuration.echoCancellation
        ) { state in
            let lasting = state.lasting
            let isNew = last.withLock { last in
                defer { last = lasting }
                return last != lasting
            }
            if isNew { onChange(lasting) }
        }
    }

    /// Asks the sound server what there is, if a device is one of its.
    func start() {
        let choice = chosen.withLock { $0.sound }
        if choice != SoundChoice() { server.start() }
    }

    func stop() {
        server.stop()
    }

    /// Reading a file may take a while, so this runs on no actor. A device that cannot be opened is silence, and the
    /// log says so.
    @concurrent
    func open() async -> (source: any AudioSource, sink: any AudioSink) {
        let (microphone, speaker) = chosen.withLock { ($0.microphone, $0.speaker) }
        let source = ReplaceableSource(makeSource(microphone))
        let sink = ReplaceableSink(makeSink(.speaker, speaker) ?? NullDevice())
        let now = chosen.withLock { chosen in
            chosen.open.removeAll { $0.source == nil }
            chosen.open.append(Pair(source: source, sink: sink))
            return (microphone: chosen.microphone, speaker: chosen.speaker)
        }
        replace([Pair(source: source, sink: sink)], (microphone, now.microphone), (speaker, now.speaker))
        return (source, sink)
    }

    /// The sound server changes its own devices for one another.
    private func replace(
        _ open: [Pair], _ microphone: (AudioDevice, AudioDevice), _ speaker: (AudioDevice, AudioDevice)
    ) {
        func isOther(_ change: (AudioDevice, AudioDevice)) -> Bool {
            change.0 != change.1 && (change.0.preferences == nil || change.1.preferences == nil)
        }
        for pair in open {
            if isOther(microphone) { pair.source?.replace(with: makeSource(microphone.1)) }
            if isOther(speaker) { pair.sink?.replace(with: makeSink(.speaker, speaker.1) ?? NullDevice()) }
        }
    }

    /// A tone and where it is to be heard: what rings at the ringer, the rest at the speaker. A speaker that is a file gets
    /// none, so that it holds calls and nothing else; what is left is the ringer, if one is named.
    func open(_ tone: Tone) -> (source: any FiniteSource, sink: any AudioSink)? {
        let (speaker, ringer) = chosen.withLock { ($0.speaker, $0.ringer) }
        let audible = speaker.preferences == nil ? nil : speaker
        let role = tone == .ring && ringer != nil || audible == nil ? SoundRole.ringer : .speaker
        guard let device = role == .ringer ? ringer : audible, let sink = makeSink(role, device) else { return nil }
        do {
            return (try tones.source(of: tone), sink)
        } catch {
            logger.error("tone", metadata: ["tone": "\(tone)", "failure": "\(error.text)"])
            return nil
        }
    }

    private func makeSource(_ device: AudioDevice) -> any AudioSource {
        do {
            return try device.makeSource(on: server, onChange: report("microphone"))
        } catch {
            logger.error("microphone", metadata: ["device": "\(device.text)", "failure": "\(error.text)"])
            return NullDevice()
        }
    }

    private func makeSink(_ role: SoundRole, _ device: AudioDevice) -> (any AudioSink)? {
        do {
            return try device.makeSink(role, on: server, onChange: report(role.rawValue))
        } catch {
            logger.error("\(role)", metadata: ["device": "\(device.text)", "failure": "\(error.text)"])
            return nil
        }
    }

    private func report(_ device: String) -> @Sendable (AudioDevice.Condition) -> Void {
        { [logger] condition in
            switch condition {
            case .ready: logger.info("\(device)", metadata: ["state": "ready"])
            case .unavailable(let reason):
                logger.notice("\(device)", metadata: ["state": "unavailable", "reason": "\(reason)"])
            }
        }
    }
}

/// What the API asks for.
extension Devices {
    /// Prefers this sink to those configured, as long as it is there.
    func prefer(speaker name: String) {
        guard let names = configured.preferences, !name.contains(" "), !name.contains(",") else { return }
        choose { $0.speaker = .pulse(names: [name] + names.filter { $0 != name }) }
    }

    private func choose(_ change: (inout Chosen) -> Void) {
        let (before, now) = chosen.withLock { chosen in
            let before = chosen
            change(&chosen)
            return (before, chosen)
        }
        if now.sound != SoundChoice() { server.start() }
        server.choose(now.sound)
        replace(now.open, (before.microphone, now.microphone), (before.speaker, now.speaker))
    }

    /// Devices first, then their volumes; gives what was wrong. A file is looked at beforehand, which may take a while.
    @concurrent
    func change(_ change: AudioChange) async -> Problem? {
        let parts: [(role: SoundRole, AudioChange.Part)] = [
            (.microphone, change.microphone), (.speaker, change.speaker), (.ringer, change.ringer),
        ]
        do throws(Problem) {
            var devices: [SoundRole: AudioDevice] = [:]
            for (role, part) in parts { devices[role] = try part.device(for: role) }
            if !devices.isEmpty {
                choose { chosen in
                    chosen.microphone = devices[.microphone] ?? chosen.microphone
                    chosen.speaker = devices[.speaker] ?? chosen.speaker
                    chosen.ringer = devices[.ringer] ?? chosen.ringer
                }
            }
            for (role, part) in parts where part.volume != nil || part.isMuted != nil {
                guard await server.set(volume: part.volume, isMuted: part.isMuted, of: role) else {
                    throw .noSuchDevice(role.rawValue)
                }
            }
            return nil
        } catch {
            return error
        }
    }

    /// Everything, with how loud a call is now in dBFS.
    func json(said: Double?, heard: Double?) -> JSON {
        let (microphone, speaker, ringer) = chosen.withLock { ($0.microphone, $0.speaker, $0.ringer) }
        let state = server.state
        func part(_ role: SoundRole, _ chosen: AudioDevice, level: Double?) -> JSON {
            let device = state.device(of: role)
            return [
                "chosen": .string(chosen.text),
                "device": state.uses[role]?.device.map(JSON.string) ?? .null,
                "open": state.uses[role]?.open.map(JSON.string) ?? .null,
                "volume": device.map { .number($0.volume) } ?? .null,
                "muted": device.map { .bool($0.isMuted) } ?? .null,
                "level": level.map(JSON.number) ?? .null,
            ]
        }
        return [
            "server": state.condition.json,
            "microphone": part(.microphone, microphone, level: said),
            "speaker": part(.speaker, speaker, level: heard),
            "ringer": part(.ringer, ringer ?? speaker, level: nil),
            "echoCancellation": [
                "wanted": .string(wish.rawValue), "on": .bool(state.echo.isOn), "reason": .string(state.echo.reason),
            ],
            "sources": .array(
                state.catalogue.sources.map { $0.json(isDefault: $0.name == state.catalogue.defaultSource) }),
            "sinks": .array(state.catalogue.sinks.map { $0.json(isDefault: $0.name == state.catalogue.defaultSink) }),
        ]
    }
}

extension AudioChange.Part {
    fileprivate func device(for role: SoundRole) throws(Problem) -> AudioDevice? {
        guard let text = device else { return nil }
        let form: Form<AudioDevice> = role == .microphone ? .microphone : .speaker
        guard let device = form.parse(text) else {
            throw .invalidParameter(role.rawValue + ".device", expected: form.expectation)
        }
        do throws(AudioDevice.Failure) {
            try device.check(isSink: role != .microphone)
        } catch {
            throw .unusableFile(role.rawValue, error.text)
        }
        return device
    }
}

extension Problem {
    fileprivate static func unusableFile(_ role: String, _ reason: String) -> Problem {
        Problem(status: 409, "unusable-file", "The file cannot be used.", detail: "'\(role).device': \(reason).")
    }

    fileprivate static func noSuchDevice(_ role: String) -> Problem {
        Problem(
            status: 409, "no-such-device", "The device has no volume to set.",
            detail: "'\(role)' is not a device of the sound server that is there.")
    }
}

extension SoundState {
    fileprivate func device(of role: SoundRole) -> SoundCatalogue.Device? {
        let devices = role == .microphone ? catalogue.sources : catalogue.sinks
        return devices.first { $0.name == uses[role]?.device }
    }

    /// What an event tells: all but volumes, which a slider changes many times a second.
    fileprivate var lasting: JSON {
        var used: [String: JSON] = [:]
        for role in SoundRole.allCases {
            used[role.rawValue] = [
                "device": uses[role]?.device.map(JSON.string) ?? .null,
                "open": uses[role]?.open.map(JSON.string) ?? .null,
            ]
        }
        used["server"] = condition.json
        used["echoCancellation"] = ["on": .bool(echo.isOn), "reason": .string(echo.reason)]
        used["sources"] = .array(catalogue.sources.map { .string($0.name) })
        used["sinks"] = .array(catalogue.sinks.map { .string($0.name) })
        return .object(used)
    }
}

extension SoundState.Condition {
    fileprivate var json: JSON {
        switch self {
        case .unused: ["state": "unused", "reason": .null]
        case .ready: ["state": "ready", "reason": .null]
        case .unavailable(let reason): ["state": "unavailable", "reason": .string(reason)]
        }
    }
}

extension SoundCatalogue.Device {
    fileprivate func json(isDefault: Bool) -> JSON {
        [
            "name": .string(name), "description": .string(description), "default": .bool(isDefault),
            "monitorOf": monitored.map(JSON.string) ?? .null, "volume": .number(volume), "muted": .bool(isMuted),
        ]
    }
}
