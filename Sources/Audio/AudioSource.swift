/// The one format inside the daemon: mono, signed 16-bit samples at 48 kHz in frames of 20 ms.
///
/// Sixteen bits, because that is what G.711 expands to, WAV files and PulseAudio carry and libopus takes: a frame passes
/// from device to codec without conversion.
package enum AudioFormat {
    package static let sampleRate = 48_000
    package static let samplesPerFrame = 960
    package static let frameDuration = Duration.milliseconds(20)
}

/// Where a call's outgoing sound comes from.
///
/// A media path calls ``read(into:)`` once per frame, from its own queue; it must neither block nor allocate. The other
/// methods are called from that queue too, so an implementation needs no lock for what only these methods touch.
package protocol AudioSource: AnyObject, Sendable {
    func start()
    func stop()

    /// Fills all of `frame`, with silence where there is no sound.
    func read(into frame: inout MutableSpan<Int16>)
}

/// Where a call's incoming sound goes.
///
/// The rules of ``AudioSource`` hold for ``write(_:)``.
package protocol AudioSink: AnyObject, Sendable {
    func start()
    func stop()
    func write(_ frame: Span<Int16>)
}
