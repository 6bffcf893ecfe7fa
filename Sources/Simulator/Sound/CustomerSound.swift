import Audio
import Wire

/// A customer's mouth and ear: says the prompt, then again what was heard a moment ago.
final class CustomerSound: Participant, @unchecked Sendable {
    private let prompt: any AudioSource
    /// Nil when the prompt goes on and on.
    private var framesLeft: Int?
    private var echo = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
    private var meter = ToneMeter()

    init(prompt: any AudioSource, lasting duration: Duration?) {
        self.prompt = prompt
        framesLeft = duration.map { Int($0 / AudioFormat.frameDuration) }
    }

    /// Of all that is heard.
    var reading: ToneMeter.Reading { meter.reading }

    func say(into frame: inout MutableSpan<Int16>) {
        guard let left = framesLeft else { return prompt.read(into: &frame) }
        guard left > 0 else {
            for index in frame.indices { frame[index] = echo[index] }
            return
        }
        framesLeft = left - 1
        prompt.read(into: &frame)
    }

    func hear(_ frame: Span<Int16>) {
        for index in frame.indices { echo[index] = frame[index] }
        meter.add(frame)
    }
}

/// For who waits.
final class HoldMusic: Participant, @unchecked Sendable {
    private static let notes = [329.63, 392, 493.88, 587.33, 493.88, 392].map { frequency in
        Melody.Note(frequency: frequency, duration: .milliseconds(400))
    }

    private let melody = Melody(notes: HoldMusic.notes, level: -26)

    func say(into frame: inout MutableSpan<Int16>) { melody.read(into: &frame) }
    func hear(_ frame: Span<Int16>) {}
}
