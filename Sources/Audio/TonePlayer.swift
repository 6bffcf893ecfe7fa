import Dispatch

/// Plays one tone at a time to a loudspeaker of its own, which is open only meanwhile.
package final class TonePlayer: @unchecked Sendable {
    /// What is played behind the end of a tone, so that the last of it leaves the buffers.
    private static let trailingFrames = 5
    private static let mostFramesAtOnce = 5

    private let queue = DispatchQueue(label: "phonebard.tones", qos: .userInitiated)
    private var playing: Playing?

    private struct Playing {
        let source: any FiniteSource
        let sink: any AudioSink
        let timer: any DispatchSourceTimer
        let begin = DispatchTime.now()
        var frames = 0
        var trailing = TonePlayer.trailingFrames
    }

    package init() {}

    /// Plays what `open` gives in place of what is played; opening may take a while, and is done on a queue of the player's.
    package func play(_ open: @escaping @Sendable () -> (source: any FiniteSource, sink: any AudioSink)?) {
        queue.async { [self] in
            end()
            if let (source, sink) = open() { begin(source, sink) }
        }
    }

    package func stop() {
        queue.async { [self] in end() }
    }

    private func begin(_ source: any FiniteSource, _ sink: any AudioSink) {
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now(), repeating: .milliseconds(20), leeway: .nanoseconds(0))
        timer.setEventHandler { [unowned self] in passFrames() }
        playing = Playing(source: source, sink: sink, timer: timer)
        source.start()
        sink.start()
        timer.activate()
    }

    private func end() {
        guard let playing else { return }
        playing.timer.cancel()
        playing.source.stop()
        playing.sink.stop()
        self.playing = nil
    }

    /// As many as are due; after a long pause of the machine the tone goes on from the present.
    private func passFrames() {
        guard var playing else { return }
        let due = Int((DispatchTime.now().uptimeNanoseconds - playing.begin.uptimeNanoseconds) / 20_000_000) + 1
        var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
        for _ in 0..<min(due - playing.frames, Self.mostFramesAtOnce) {
            if playing.source.isOver { playing.trailing -= 1 }
            var span = frame.mutableSpan
            playing.source.read(into: &span)
            playing.sink.write(frame.span)
        }
        playing.frames = due
        self.playing = playing
        if playing.trailing <= 0 { end() }
    }
}
