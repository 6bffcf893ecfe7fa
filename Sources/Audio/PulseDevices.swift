/// The microphone of the sound server.
package final class PulseSource: AudioSource, @unchecked Sendable {
    /// Beside the frame that is read: a piece that the server hands over late.
    private static let samplesInReserve = AudioFormat.samplesPerFrame / 4

    private let stream: PulseStream
    private var drift = ClockDrift(target: AudioFormat.samplesPerFrame + samplesInReserve)
    private var samples = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame + 16)

    package init(on server: SoundServer, onChange: @escaping @Sendable (AudioDevice.Condition) -> Void) {
        stream = PulseStream(.microphone, on: server, onChange: onChange)
    }

    deinit {
        stream.close()
    }

    package func start() {
        stream.open()
    }

    package func stop() {
        stream.close()
    }

    /// A whole frame or silence; the two clocks' difference is made up for, and what piles up all the same is dropped.
    package func read(into frame: inout MutableSpan<Int16>) {
        stream.ring.drop(beyond: 4 * AudioFormat.samplesPerFrame)
        let needed = min(drift.needed(for: frame.count), samples.count)
        guard case let waiting = stream.ring.count, waiting >= needed else {
            drift.reset()
            frame.update(repeating: 0)
            return
        }
        drift.note(waiting: waiting)
        samples.withUnsafeMutableBufferPointer { samples in
            let input = UnsafeMutableBufferPointer(rebasing: samples[..<needed])
            _ = stream.ring.read(into: input)
            frame.withUnsafeMutableBufferPointer { drift.fill($0, from: UnsafeBufferPointer(input)) }
        }
    }
}

/// A loudspeaker of the sound server.
package final class PulseSink: AudioSink, @unchecked Sendable {
    /// By how much a frame may come late.
    static let samplesInReserve = AudioFormat.samplesPerFrame * 3 / 8

    private let stream: PulseStream
    private var drift = ClockDrift(target: samplesInReserve)
    private var samples = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame + 16)

    /// - Parameter role: the speaker or the ringer.
    package init(
        _ role: SoundRole, on server: SoundServer, onChange: @escaping @Sendable (AudioDevice.Condition) -> Void
    ) {
        stream = PulseStream(role, on: server, onChange: onChange)
    }

    deinit {
        stream.close()
    }

    package func start() {
        stream.open()
    }

    package func stop() {
        stream.close()
    }

    /// Beyond what the stream itself keeps, the two clocks' difference is made up for here.
    package func write(_ frame: Span<Int16>) {
        if case let waiting = stream.ring.count, waiting > 0 { drift.note(waiting: waiting) } else { drift.reset() }
        frame.withUnsafeBufferPointer { frame in
            samples.withUnsafeMutableBufferPointer { samples in
                let count = drift.stretch(frame, into: samples)
                _ = stream.ring.write(UnsafeBufferPointer(rebasing: samples[..<count]))
            }
        }
    }
}
