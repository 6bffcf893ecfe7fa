import Audio
import Wire

/// The far end of a leg's sound: what the seat says goes to the mixer, what the mixer has for it goes to the seat.
///
/// The media path works on one queue and the mixer on another, at the same pace but never at the same moment; two rings
/// join them.
final class LegSound: AudioSource, AudioSink, Participant {
    private let said = FrameQueue()
    private let heard = FrameQueue()

    func start() {}
    func stop() {}

    func read(into frame: inout MutableSpan<Int16>) { heard.take(into: &frame) }
    func write(_ frame: Span<Int16>) { said.put(frame) }

    func say(into frame: inout MutableSpan<Int16>) { said.take(into: &frame) }
    func hear(_ frame: Span<Int16>) { heard.put(frame) }
}

/// Frames on the way from one queue to another: two in advance against the jitter of timers, five at most.
private final class FrameQueue: @unchecked Sendable {
    private let ring = SampleRing(capacity: 8 * AudioFormat.samplesPerFrame)
    /// The reader's: whether it has waited for the frames in advance.
    private var isFlowing = false

    func put(_ frame: Span<Int16>) {
        frame.withUnsafeBufferPointer { _ = ring.write($0) }
    }

    func take(into frame: inout MutableSpan<Int16>) {
        ring.drop(beyond: 5 * AudioFormat.samplesPerFrame)
        isFlowing = ring.count >= (isFlowing ? 1 : 2) * frame.count
        guard isFlowing else { return frame.update(repeating: 0) }
        _ = frame.withUnsafeMutableBufferPointer { ring.read(into: $0) }
    }
}
