import Audio
import Logging

/// The agent's microphone and loudspeaker, opened anew for each call.
struct Devices: Sendable {
    let microphone: AudioDevice
    let speaker: AudioDevice
    let logger: Logger

    /// Reading a file may take a while, so this runs on no actor. A device that cannot be opened is silence, and the
    /// log says so.
    @concurrent
    func open() async -> (source: any AudioSource, sink: any AudioSink) {
        (makeSource(), makeSink())
    }

    private func makeSource() -> any AudioSource {
        do {
            return try microphone.makeSource(onChange: report("microphone"))
        } catch {
            logger.error("microphone", metadata: ["failure": "\(error)"])
            return NullDevice()
        }
    }

    private func makeSink() -> any AudioSink {
        do {
            return try speaker.makeSink(onChange: report("speaker"))
        } catch {
            logger.error("speaker", metadata: ["failure": "\(error)"])
            return NullDevice()
        }
    }

    private func report(_ device: String) -> @Sendable (AudioDevice.Condition) -> Void {
        { [logger] condition in logger.notice("\(device)", metadata: ["condition": "\(condition)"]) }
    }
}
