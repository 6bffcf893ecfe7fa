/// What a sound server has: its devices, which of them are the default ones, and its echo cancellers.
package struct SoundCatalogue: Sendable, Equatable {
    package struct Device: Sendable, Equatable {
        package var name: String
        package var description = ""
        /// 1 is the device's full volume.
        package var volume = 1.0
        package var isMuted = false
        package var channels: UInt8 = 1
        /// For a source that hears what a sink plays, that sink.
        package var monitored: String?
        var module: UInt32?
        /// The device behind a filter.
        var master: String?

        package init(name: String) {
            self.name = name
        }
    }

    /// A source and a sink between which the server takes the echo out.
    struct EchoCanceller: Equatable {
        var module: UInt32
        var source: String
        var sink: String
    }

    package var sources: [Device] = []
    package var sinks: [Device] = []
    package var defaultSource: String?
    package var defaultSink: String?
    /// Module number → what it was loaded with.
    var cancellers: [UInt32: String] = [:]

    package init() {}

    /// What stands for the server's own choice in a list of preferences.
    package static let defaultName = "default"

    /// The first of these sinks that is there.
    func sink(_ preferences: [String]) -> String? {
        first(of: preferences, default: defaultSink, among: sinks)
    }

    /// The first of these sources that is there. What the speaker's monitor hears is never a microphone by default: the
    /// other side would hear itself.
    func source(_ preferences: [String], speaker: String?) -> String? {
        let monitored = sources.first { $0.name == defaultSource }?.monitored
        let usable = monitored == nil || monitored != (speaker ?? defaultSink)
        return first(of: preferences, default: usable ? defaultSource : nil, among: sources)
    }

    private func first(of preferences: [String], default usual: String?, among devices: [Device]) -> String? {
        for preference in preferences {
            let name = preference == Self.defaultName ? usual : preference
            if let name, devices.contains(where: { $0.name == name }) { return name }
        }
        return nil
    }

    /// The canceller whose source and sink these are.
    func canceller(source: String?, sink: String?) -> EchoCanceller? {
        guard let source, let sink, let device = sources.first(where: { $0.name == source }),
            let module = device.module, cancellers[module] != nil,
            sinks.contains(where: { $0.name == sink && $0.module == module })
        else { return nil }
        return EchoCanceller(module: module, source: source, sink: sink)
    }

    /// The canceller that stands between these two devices.
    func canceller(behindSource source: String?, behindSink sink: String?) -> EchoCanceller? {
        guard let source, let sink else { return nil }
        for module in cancellers.keys.sorted() {
            guard let filtered = sources.first(where: { $0.module == module && $0.monitored == nil }),
                let filter = sinks.first(where: { $0.module == module }),
                master(of: filtered, argument: "source_master") == source,
                master(of: filter, argument: "sink_master") == sink
            else { continue }
            return EchoCanceller(module: module, source: filtered.name, sink: filter.name)
        }
        return nil
    }

    /// PipeWire does not say which devices are a canceller's: those with the names it was loaded with.
    mutating func claim() {
        for (module, arguments) in cancellers {
            for argument in arguments.split(separator: " ") {
                let parts = argument.split(separator: "=", maxSplits: 1)
                guard parts.count == 2 else { continue }
                let (key, name) = (parts[0], parts[1])
                if key == "source_name" { sources.claim(String(name), module) }
                if key == "sink_name" { sinks.claim(String(name), module) }
            }
        }
    }

    /// As the device says, or as its module was told when it was loaded.
    private func master(of device: Device, argument: String) -> String? {
        if let master = device.master { return master }
        let arguments = device.module.flatMap { cancellers[$0] } ?? ""
        let wanted = arguments.split(separator: " ").first { $0.hasPrefix(argument + "=") }
        return wanted.map { String($0.dropFirst(argument.count + 1)) }
    }
}

extension [SoundCatalogue.Device] {
    fileprivate mutating func claim(_ name: String, _ module: UInt32) {
        for index in indices where self[index].name == name && self[index].module == nil { self[index].module = module }
    }
}
