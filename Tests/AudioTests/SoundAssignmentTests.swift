import Testing

@testable import Audio

@Suite struct SoundAssignmentTests {
    private let wanted = SoundChoice(microphone: ["headset", "default"], speaker: ["headset_out", "default"])
    private let both: Set<SoundRole> = [.microphone, .speaker]

    @Test("The first device of a list that is there is taken; the word for the default one is a device like any other")
    func preferences() {
        var catalogue = SoundCatalogue(sources: ["mic", "headset"], sinks: ["out", "headset_out"])
        catalogue.defaultSource = "mic"
        catalogue.defaultSink = "out"
        #expect(assignment(catalogue).devices == [.microphone: "headset", .speaker: "headset_out"])
        catalogue.sources.removeLast()
        catalogue.sinks.removeLast()
        #expect(assignment(catalogue).devices == [.microphone: "mic", .speaker: "out"])
        catalogue.sources = []
        #expect(assignment(catalogue).devices == [.speaker: "out"])
        #expect(assignment(catalogue).echo == .init(isOn: false, reason: "there is no microphone"))
    }

    @Test("What hears the speaker is no microphone by default, only by name")
    func monitors() {
        var catalogue = SoundCatalogue(sources: ["out.monitor"], sinks: ["out"])
        catalogue.sources[0].monitored = "out"
        catalogue.defaultSource = "out.monitor"
        catalogue.defaultSink = "out"
        #expect(assignment(catalogue).devices == [.speaker: "out"])
        let named = SoundChoice(microphone: ["out.monitor"], speaker: ["out"])
        #expect(assignment(catalogue, named).devices[.microphone] == "out.monitor")
    }

    @Test(
        "A canceller between the two devices takes their places unless echo cancellation is off",
        arguments: [true, false])
    func canceller(saysMaster: Bool) {
        let catalogue = Self.cancelled(saysMaster: saysMaster)
        let choice = SoundChoice(microphone: ["mic"], speaker: ["out"])
        let used = assignment(catalogue, choice)
        #expect(used.devices == [.microphone: "mic.ec", .speaker: "out.ec"])
        #expect(used.masters == [.microphone: "mic", .speaker: "out"])
        #expect(used.echo == .init(isOn: true, reason: "module-echo-cancel found"))
        let off = assignment(catalogue, choice, .off)
        #expect(off.devices == [.microphone: "mic", .speaker: "out"])
        #expect(off.echo == .init(isOn: false, reason: "the configuration says off"))
        let chosen = assignment(catalogue, SoundChoice(microphone: ["mic.ec"], speaker: ["out.ec"]), .off)
        #expect(chosen.echo == .init(isOn: true, reason: "the devices chosen are those of a canceller"))
        // Half of it cancels nothing.
        #expect(!assignment(catalogue, SoundChoice(microphone: ["mic.ec"], speaker: ["out"])).echo.isOn)
    }

    @Test("One is loaded when it is wanted, both devices are there and both are used")
    func loading() {
        let catalogue = SoundCatalogue(sources: ["mic"], sinks: ["out"])
        let choice = SoundChoice(microphone: ["mic"], speaker: ["out"])
        let masters = EchoCancellation.Masters(source: "mic", sink: "out")
        #expect(assignment(catalogue, choice, .on).wanted == masters)
        #expect(assignment(catalogue, choice, .auto).wanted == nil)
        #expect(assignment(catalogue, choice, .on, open: [.speaker]).wanted == nil)
        #expect(assignment(catalogue, SoundChoice(speaker: ["out"]), .on).wanted == nil)
        let failed = assignment(catalogue, choice, .on, .failed(masters, reason: "no such module"))
        #expect(failed.echo == .init(isOn: false, reason: "it cannot be loaded: no such module"))
    }

    @Test("One's own canceller is not another's: it stays wanted, even when the server makes it the default")
    func own() {
        var catalogue = Self.cancelled(saysMaster: true)
        let masters = EchoCancellation.Masters(source: "mic", sink: "out")
        let choice = SoundChoice(microphone: ["default"], speaker: ["default"])
        catalogue.defaultSource = "mic.ec"
        catalogue.defaultSink = "out.ec"
        let own = assignment(catalogue, choice, .on, .loaded(7, masters))
        #expect(own.wanted == masters)
        #expect(own.devices == [.microphone: "mic.ec", .speaker: "out.ec"])
        #expect(own.masters == [.microphone: "mic", .speaker: "out"])
        #expect(own.echo == .init(isOn: true, reason: "module-echo-cancel loaded"))
        #expect(assignment(catalogue, SoundChoice(microphone: ["mic"], speaker: ["out"]), .on).wanted == nil)
    }

    private func assignment(
        _ catalogue: SoundCatalogue, _ choice: SoundChoice? = nil, _ wish: EchoCancellation.Wish = .auto,
        _ loading: EchoCancellation.Loading = .none, open: Set<SoundRole>? = nil
    ) -> SoundAssignment {
        SoundAssignment(of: catalogue, choice ?? wanted, wish, loading, open: open ?? both)
    }

    /// PulseAudio tells what is behind a filter; PipeWire's filters have to be asked what they were loaded with.
    private static func cancelled(saysMaster: Bool) -> SoundCatalogue {
        var catalogue = SoundCatalogue(sources: ["mic", "mic.ec"], sinks: ["out", "out.ec"])
        catalogue.sources[1].module = 7
        catalogue.sinks[1].module = 7
        if saysMaster {
            catalogue.sources[1].master = "mic"
            catalogue.sinks[1].master = "out"
        }
        catalogue.cancellers = [7: "aec_method=webrtc source_master=mic sink_master=out"]
        return catalogue
    }
}

extension SoundCatalogue {
    fileprivate init(sources: [String], sinks: [String]) {
        self.init()
        self.sources = sources.map { Device(name: $0) }
        self.sinks = sinks.map { Device(name: $0) }
    }
}
