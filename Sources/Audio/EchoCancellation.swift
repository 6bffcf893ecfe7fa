/// How the sound server is to take the echo of the loudspeaker out of the microphone, and whether it does.
package enum EchoCancellation {
    package enum Wish: String, Sendable, CaseIterable {
        /// A canceller that the server has for these devices is used.
        case auto
        /// One is loaded if there is none, and unloaded afterwards.
        case on
        /// None is looked for.
        case off
    }

    /// Whether there is any, and why.
    package struct State: Sendable, Equatable {
        package var isOn: Bool
        package var reason: String
    }

    /// The module phonebard has the server load.
    enum Loading: Equatable {
        case none
        case underWay(Masters)
        case loaded(UInt32, Masters)
        /// Not tried again for these devices.
        case failed(Masters, reason: String)

        var module: UInt32? {
            if case .loaded(let module, _) = self { module } else { nil }
        }
    }

    struct Masters: Equatable {
        var source: String
        var sink: String

        var arguments: String {
            "source_master=\(source) sink_master=\(sink) source_name=phonebard_microphone sink_name=phonebard_speaker"
                + " rate=48000"
        }
    }
}

/// Which device each role gets, and the canceller between them.
struct SoundAssignment: Equatable {
    /// The devices as chosen.
    var masters: [SoundRole: String] = [:]
    /// Those to open: of a canceller, if there is one.
    var devices: [SoundRole: String] = [:]
    var echo = EchoCancellation.State(isOn: false, reason: "")
    /// The devices a canceller is to be loaded for.
    var wanted: EchoCancellation.Masters?

    /// - Parameter open: the roles there are streams for; a canceller is loaded only when both its sides are used.
    init(
        of catalogue: SoundCatalogue, _ choice: SoundChoice, _ wish: EchoCancellation.Wish,
        _ loading: EchoCancellation.Loading, open: Set<SoundRole>
    ) {
        let own = loading.module
        let speaker = choice.speaker.flatMap { catalogue.sink($0) }.map { sink in
            catalogue.master(ofSink: sink, loadedAs: own)
        }
        let microphone = choice.microphone.flatMap { catalogue.source($0, speaker: speaker) }.map { source in
            catalogue.master(ofSource: source, loadedAs: own)
        }
        let ringer = choice.ringer.flatMap { catalogue.sink($0) }
        masters[.microphone] = microphone
        masters[.speaker] = speaker
        masters[.ringer] = ringer
        devices = masters

        let chosen = catalogue.canceller(source: microphone, sink: speaker)
        let between = catalogue.canceller(behindSource: microphone, behindSink: speaker)
        if wish != .off, chosen == nil, let between {
            devices[.microphone] = between.source
            devices[.speaker] = between.sink
        }
        if wish == .on, chosen == nil, between == nil || between?.module == own, let microphone, let speaker,
            open.isSuperset(of: [.microphone, .speaker])
        {
            wanted = EchoCancellation.Masters(source: microphone, sink: speaker)
        }
        echo = state(choice, wish, loading, chosen: chosen, between: between)
    }

    private func state(
        _ choice: SoundChoice, _ wish: EchoCancellation.Wish, _ loading: EchoCancellation.Loading,
        chosen: SoundCatalogue.EchoCanceller?, between: SoundCatalogue.EchoCanceller?
    ) -> EchoCancellation.State {
        func off(_ reason: String) -> EchoCancellation.State { .init(isOn: false, reason: reason) }
        if chosen != nil { return .init(isOn: true, reason: "the devices chosen are those of a canceller") }
        if wish == .off { return off("the configuration says off") }
        if let between {
            let isOwn = between.module == loading.module
            return .init(isOn: true, reason: isOwn ? "module-echo-cancel loaded" : "module-echo-cancel found")
        }
        guard choice.microphone != nil, choice.speaker != nil else {
            return off("microphone and speaker are not both the sound server's")
        }
        guard masters[.microphone] != nil else { return off("there is no microphone") }
        guard masters[.speaker] != nil else { return off("there is no speaker") }
        switch loading {
        case .failed(let masters, let reason) where masters == wanted: return off("it cannot be loaded: \(reason)")
        case .underWay: return off("module-echo-cancel is being loaded")
        default: break
        }
        return off(wish == .on ? "it is loaded for a call" : "the server has no module-echo-cancel for these devices")
    }
}

extension SoundCatalogue {
    /// The device behind a filter of our own, else the device itself.
    fileprivate func master(ofSource name: String, loadedAs own: UInt32?) -> String {
        master(of: name, among: sources, loadedAs: own)
    }

    fileprivate func master(ofSink name: String, loadedAs own: UInt32?) -> String {
        master(of: name, among: sinks, loadedAs: own)
    }

    private func master(of name: String, among devices: [Device], loadedAs own: UInt32?) -> String {
        guard let own, let device = devices.first(where: { $0.name == name }), device.module == own else { return name }
        return device.master ?? name
    }
}
