import Audio
import Glibc
import Synchronization

/// Tells three tones apart in what it hears, however many there are at once.
final class SimulatorEar: AudioSink, @unchecked Sendable {
    static let tones = [440.0, 700, 1000]

    /// The levels of ``tones`` in each tenth of a second, in decibels relative to full scale.
    let readings: AsyncStream<[Double]>
    private let continuation: AsyncStream<[Double]>.Continuation
    private var samples: [Int16] = []
    private var meter = ToneMeter()
    private let dominant = Mutex<Double?>(nil)

    init() {
        (readings, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The loudest tone of all.
    var frequency: Double? { dominant.withLock { $0 } }

    func start() {}
    func stop() {}

    func write(_ frame: Span<Int16>) {
        meter.add(frame)
        for index in frame.indices { samples.append(frame[index]) }
        guard samples.count >= AudioFormat.sampleRate / 10 else { return }
        let reading = meter.reading
        dominant.withLock { $0 = reading.level > -40 ? reading.frequency : nil }
        continuation.yield(Self.tones.map(level))
        samples.removeAll(keepingCapacity: true)
    }

    /// Goertzel's algorithm behind a Hann window.
    private func level(of tone: Double) -> Double {
        let coefficient = 2 * cos(2 * .pi * tone / Double(AudioFormat.sampleRate))
        var (last, lastButOne) = (0.0, 0.0)
        for (index, sample) in samples.enumerated() {
            let fade = 0.5 - 0.5 * cos(2 * .pi * Double(index) / Double(samples.count))
            let next = Double(sample) * fade + coefficient * last - lastButOne
            (last, lastButOne) = (next, last)
        }
        let power = last * last + lastButOne * lastButOne - coefficient * last * lastButOne
        let amplitude = 4 * power.squareRoot() / Double(samples.count)
        return amplitude > 0 ? 20 * log10(amplitude / 32_768) : -200
    }
}

/// A tone that can fall silent.
final class SimulatorMouth: AudioSource, @unchecked Sendable {
    private let tone: ToneSource
    private let isSilent = Atomic(false)

    init(tone: Double) {
        self.tone = ToneSource(frequency: tone, level: -20)
    }

    func speak(_ speaks: Bool) { isSilent.store(!speaks, ordering: .relaxed) }

    func start() {}
    func stop() {}

    func read(into frame: inout MutableSpan<Int16>) {
        tone.read(into: &frame)
        if isSilent.load(ordering: .relaxed) { frame.update(repeating: 0) }
    }
}
