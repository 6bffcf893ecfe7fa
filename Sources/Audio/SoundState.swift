/// What a stream is for; that, and not a name, is what it is opened by, so that it can change its device.
package enum SoundRole: String, Sendable, CaseIterable {
    case microphone, speaker, ringer
}

/// The devices wanted for each role, the first that is there; nil when the role is not the sound server's.
package struct SoundChoice: Sendable, Equatable {
    package var microphone: [String]?
    package var speaker: [String]?
    package var ringer: [String]?

    package init(microphone: [String]? = nil, speaker: [String]? = nil, ringer: [String]? = nil) {
        self.microphone = microphone
        self.speaker = speaker
        self.ringer = ringer
    }
}

/// How a sound server and its devices stand.
package struct SoundState: Sendable, Equatable {
    package enum Condition: Sendable, Equatable {
        /// Not asked to connect yet.
        case unused
        case ready
        case unavailable(reason: String)
    }

    package struct Use: Sendable, Equatable {
        /// The device chosen, as long as it is there.
        package var device: String?
        /// The one that is open: another one when a canceller stands before the device.
        package var open: String?
    }

    package var condition = Condition.unused
    package var catalogue = SoundCatalogue()
    package var uses: [SoundRole: Use] = [:]
    package var echo = EchoCancellation.State(isOn: false, reason: "no sound server is used")

    package init() {}
}
