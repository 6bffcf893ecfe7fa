/// What the agent is told without words.
package enum Tone: String, Sendable, CaseIterable {
    /// Somebody calls.
    case ring
    /// Somebody calls while the agent talks.
    case waiting
    /// The other side's telephone rings.
    case ringback
    /// The other side is taken.
    case busy
    /// The call cannot be put through.
    case congestion
    /// The other side has hung up.
    case end
}

/// How each tone sounds.
///
/// Those of a call are China's (GF 002-9002.4, ITU-T E.180 supplement 2): 450 Hz, ringback 1 s in 5, busy 0.35 s on and off,
/// congestion 0.7 s on and off, waiting 0.4 s in 4.4. What rings is no tone of the network but the telephone's own: 660 and
/// 880 Hz in turn, 1 s in 5. The end is three short beats.
package struct TonePlan: Sendable, Equatable {
    /// WAV files in place of tones.
    package var files: [Tone: String] = [:]
    /// Decibels relative to full scale.
    package var level = -20.0

    package init() {}

    /// A source of the tone from its beginning; a file that cannot be read is none.
    package func source(of tone: Tone) throws(AudioDevice.Failure) -> any FiniteSource {
        if let path = files[tone] { return try WAVSource(path: path, repeats: tone.isLasting) }
        return Beat(tone.beats, repeats: tone.repeats, level: level)
    }
}

/// A source that may come to its end.
package protocol FiniteSource: AudioSource {
    var isOver: Bool { get }
}

extension Tone {
    /// Whether it goes on until the call does.
    package var isLasting: Bool {
        switch self {
        case .ring, .waiting, .ringback: true
        case .busy, .congestion, .end: false
        }
    }

    /// How often its beats come, nil for ever.
    fileprivate var repeats: Int? {
        switch self {
        case .ring, .waiting, .ringback: nil
        case .busy: 10
        case .congestion: 5
        case .end: 3
        }
    }

    fileprivate var beats: [Melody.Note] {
        func note(_ frequency: Double, _ milliseconds: Int) -> Melody.Note {
            Melody.Note(frequency: frequency, duration: .milliseconds(milliseconds))
        }
        return switch self {
        case .ring: (0..<20).map { note($0.isMultiple(of: 2) ? 660 : 880, 50) } + [note(0, 4000)]
        case .waiting: [note(450, 400), note(0, 4000)]
        case .ringback: [note(450, 1000), note(0, 4000)]
        case .busy: [note(450, 350), note(0, 350)]
        case .congestion: [note(450, 700), note(0, 700)]
        case .end: [note(450, 150), note(0, 150)]
        }
    }
}

/// Notes and rests, over and over or a number of times, that begin and end without a click.
final class Beat: FiniteSource, @unchecked Sendable {
    /// From silence to the whole tone in 5 ms.
    private static let slope = 1.0 / Double(AudioFormat.sampleRate / 200)

    private let notes: [(frequency: Double, samples: Int)]
    private let repeats: Int?
    private var oscillator: Oscillator
    private var rounds = 0
    private var current = 0
    private var samplesLeft: Int
    private var frequency: Double
    private var gain = 0.0

    init(_ notes: [Melody.Note], repeats: Int?, level: Double) {
        precondition(!notes.isEmpty)
        self.notes = notes.map { ($0.frequency, $0.samples) }
        self.repeats = repeats
        oscillator = Oscillator(level: level)
        samplesLeft = self.notes[0].samples
        frequency = self.notes[0].frequency
    }

    var isOver: Bool { repeats.map { rounds >= $0 } ?? false }

    func start() {}
    func stop() {}

    func read(into frame: inout MutableSpan<Int16>) {
        for index in frame.indices {
            frame[index] = isOver ? 0 : next()
        }
    }

    private func next() -> Int16 {
        if samplesLeft == 0 { advance() }
        samplesLeft -= 1
        let isSounding = notes[current].frequency > 0
        gain = isSounding ? min(1, gain + Self.slope) : max(0, gain - Self.slope)
        return gain > 0 ? Int16(gain * Double(oscillator.next(frequency: frequency))) : 0
    }

    private func advance() {
        current += 1
        if current == notes.count {
            current = 0
            rounds += 1
        }
        samplesLeft = notes[current].samples
        if notes[current].frequency > 0 { frequency = notes[current].frequency }
    }
}
