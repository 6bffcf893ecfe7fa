/// A microphone of the PulseAudio server.
package final class PulseSource: AudioSource {
    private let stream: PulseStream

    /// `server` and `name` are libpulse's words for where to go; nil leaves it to the user's configuration.
    package init(
        server: String? = nil, name: String?, onChange: @escaping @Sendable (AudioDevice.Condition) -> Void
    ) {
        stream = PulseStream(.record, server: server, device: name, onChange: onChange)
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

    /// A whole frame or silence; what piles up because the two clocks differ is dropped.
    package func read(into frame: inout MutableSpan<Int16>) {
        frame.withUnsafeMutableBufferPointer { samples in
            stream.ring.drop(beyond: 4 * AudioFormat.samplesPerFrame)
            let count = stream.ring.count >= samples.count ? stream.ring.read(into: samples) : 0
            samples.dropFirst(count).update(repeating: 0)
        }
    }
}

/// A loudspeaker of the PulseAudio server.
package final class PulseSink: AudioSink {
    private let stream: PulseStream

    /// `server` and `name` are libpulse's words for where to go; nil leaves it to the user's configuration.
    package init(
        server: String? = nil, name: String?, onChange: @escaping @Sendable (AudioDevice.Condition) -> Void
    ) {
        stream = PulseStream(.playback, server: server, device: name, onChange: onChange)
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

    package func write(_ frame: Span<Int16>) {
        frame.withUnsafeBufferPointer { _ = stream.ring.write($0) }
    }
}
