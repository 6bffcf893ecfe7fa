import Dispatch
import Synchronization
import Wire

/// A call as a file, true to time: what the agent says on the left, what the agent hears on the right, or both as one.
///
/// Frames pass through a ring without locks to a queue of their own, which writes four times a second. Each frame has its
/// place in the file by when it was said, so a time without any, and what a stalled disk has cost, is silence.
package final class Recording: @unchecked Sendable {
    package struct Settings: Sendable, Hashable {
        package enum Format: String, Sendable, CaseIterable { case wav, opus }
        package enum Channels: String, Sendable, CaseIterable { case separate, mixed }

        package var format = Format.wav
        package var channels = Channels.separate

        package init(format: Format = .wav, channels: Channels = .separate) {
            self.format = format
            self.channels = channels
        }
    }

    package enum Failure: Error, Hashable {
        /// The system's words.
        case unwritable(String)
    }

    private static let interval = DispatchTimeInterval.milliseconds(250)
    /// Five seconds.
    private static let framesInFlight = 256

    package let path: String
    package let settings: Settings
    private let begin: Instant
    private let ring = FrameRing(capacity: framesInFlight)
    private let queue = DispatchQueue(label: "phonebard.recording", qos: .utility)
    private let writer: RecordingWriter
    /// The media path's.
    private var lastNumber = -1

    /// Makes the file, which must not be there. `onFailure` is called once, from a queue, when writing fails; nothing more
    /// is recorded then.
    package init(
        path: String, settings: Settings, begin: Instant, serial: UInt32,
        onFailure: @escaping @Sendable (Failure) -> Void
    ) throws(Failure) {
        self.path = path
        self.settings = settings
        self.begin = begin
        do throws(OutputFile.Failure) {
            let file = try settings.make(try OutputFile(creating: path), serial: serial)
            writer = RecordingWriter(file, settings.channels, ring: ring, onFailure: onFailure)
        } catch {
            throw .unwritable(error.text)
        }
        queue.async { [queue, writer] in writer.start(every: Self.interval, on: queue) }
    }

    deinit {
        queue.async { [writer] in writer.stop() }
    }

    /// How much of it is with the system.
    package var duration: Duration { AudioFormat.frameDuration * writer.framesKept }

    /// A frame of both sides; one media path at a time may call this, and is never held up.
    package func add(agent: Span<Int16>, customer: Span<Int16>, at now: Instant) {
        let number = self.number(at: now)
        guard number > lastNumber else { return }
        lastNumber = number
        ring.write(agent, customer, number: number)
    }

    /// Closes the file, silent up to `now` where nothing more was said, then calls `completion`.
    package func end(at now: Instant, completion: @escaping @Sendable () -> Void) {
        let length = number(at: now)
        queue.async { [writer] in
            writer.stop(length: length)
            completion()
        }
    }

    private func number(at now: Instant) -> Int {
        Int((now - begin).nanoseconds / AudioFormat.frameDuration.nanoseconds)
    }
}

extension Recording.Settings {
    fileprivate func make(
        _ file: consuming OutputFile, serial: UInt32
    ) throws(OutputFile.Failure) -> any SpeechFile {
        let count = channels == .separate ? 2 : 1
        return switch format {
        case .wav: try SpeechWAVFile(file, channels: count)
        case .opus: try OggOpusFile(file, channels: count, serial: serial)
        }
    }
}
