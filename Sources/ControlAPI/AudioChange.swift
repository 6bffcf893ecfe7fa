import Wire

/// The body of `PATCH /v1/audio`: what is absent stays as it is.
package struct AudioChange: Sendable, Equatable {
    package struct Part: Sendable, Equatable {
        /// As in the configuration.
        package var device: String?
        /// 1 is the device's full volume.
        package var volume: Double?
        package var isMuted: Bool?

        package init(device: String? = nil, volume: Double? = nil, isMuted: Bool? = nil) {
            self.device = device
            self.volume = volume
            self.isMuted = isMuted
        }
    }

    package var microphone = Part()
    package var speaker = Part()
    package var ringer = Part()

    package init() {}

    /// Whether a file is to be read or written, which who may make calls may not choose.
    package var namesFile: Bool {
        [microphone, speaker, ringer].contains { $0.device?.hasPrefix("wav:") == true }
    }

    package init(body: Span<UInt8>) throws(Problem) {
        guard body.count > 0 else { throw .malformedBody }
        let parameters = try Parameters(body)
        microphone = try Part(parameters["microphone"], "microphone")
        speaker = try Part(parameters["speaker"], "speaker")
        ringer = try Part(parameters["ringer"], "ringer")
    }
}

extension AudioChange.Part {
    /// Nobody needs more than half as much again.
    private static let volumes = 0.0...1.5

    fileprivate init(_ json: JSON?, _ name: String) throws(Problem) {
        guard let json, json != .null else { return }
        guard json.object != nil else { throw .invalidParameter(name) }
        if let value = json["device"], value != .null {
            guard let text = value.string else { throw .invalidParameter(name + ".device") }
            device = text
        }
        switch json["volume"] {
        case nil, .null?: break
        case .integer(let value)? where Self.volumes.contains(Double(value)): volume = Double(value)
        case .number(let value)? where Self.volumes.contains(value): volume = value
        default: throw .invalidParameter(name + ".volume", expected: "a number from 0 to 1.5")
        }
        if let value = json["muted"], value != .null {
            guard let flag = value.bool else { throw .invalidParameter(name + ".muted") }
            isMuted = flag
        }
    }
}
