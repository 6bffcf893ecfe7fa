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

        var sound: SoundChoice {
            SoundChoice(
                microphone: microphone.preferences, speaker: speaker.preferences,
                ringer: (ringer ?? speaker).preferences)
        }
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
        return (makeSource(microphone), makeSink(.speaker, speaker) ?? NullDevice())
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
            logger.error("tone", metadata: ["tone": "\(tone)", "failure": "\(error)"])
            return nil
        }
    }

    private func makeSource(_ device: AudioDevice) -> any AudioSource {
        do {
            return try device.makeSource(on: server, onChange: report("microphone"))
        } catch {
            logger.error("microphone", metadata: ["failure": "\(error)"])
            return NullDevice()
        }
    }

    private func makeSink(_ role: SoundRole, _ device: AudioDevice) -> (any AudioSink)? {
        do {
            return try device.makeSink(role, on: server, onChange: report(role.rawValue))
        } catch {
            logger.error("\(role)", metadata: ["failure": "\(error)"])
            return nil
        }
    }

    private func report(_ device: String) -> @Sendable (AudioDevice.Condition) -> Void {
        { [logger] condition in logger.notice("\(device)", metadata: ["condition": "\(condition)"]) }
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
        let choice = chosen.withLock { chosen in
            change(&chosen)
            return chosen.sound
        }
        if choice != SoundChoice() { server.start() }
        server.choose(choice)
    }

    /// A device takes effect at once where it is the sound server's and the one before it was, too, else with the next call.
    func change(_ change: AudioChange, completion: @escaping @Sendable (Problem?) -> Void) {
        do throws(Problem) {
            let microphone = try change.microphone.device(called: "microphone", isSink: false)
            let speaker = try change.speaker.device(called: "speaker", isSink: true)
            let ringer = try change.ringer.device(called: "ringer", isSink: true)
            if microphone != nil || speaker != nil || ringer != nil {
                choose { chosen in
                    if let microphone { chosen.microphone = microphone }
                    if let speaker { chosen.speaker = speaker }
                    if let ringer { chosen.ringer = ringer }
                }
            }
        } catch {
            return completion(error)
        }
        let parts: [(SoundRole, AudioChange.Part)] = [
            (.microphone, change.microphone), (.speaker, change.speaker), (.ringer, change.ringer),
        ]
        adjust(parts.filter { $0.1.volume != nil || $0.1.isMuted != nil }[...], completion: completion)
    }

    private func adjust(
        _ parts: ArraySlice<(SoundRole, AudioChange.Part)>, completion: @escaping @Sendable (Problem?) -> Void
    ) {
        guard let (role, part) = parts.first else { return completion(nil) }
        server.set(volume: part.volume, isMuted: part.isMuted, of: role) { [self] isDone in
            if isDone {
                adjust(parts.dropFirst(), completion: completion)
            } else {
                completion(.noSuchDevice(role.rawValue))
            }
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
    fileprivate func device(called name: String, isSink: Bool) throws(Problem) -> AudioDevice? {
        guard let text = device else { return nil }
        let form: Form<AudioDevice> = isSink ? .speaker : .microphone
        guard let device = form.parse(text) else { throw .invalidParameter(name + ".device") }
        return device
    }
}

extension Problem {
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
