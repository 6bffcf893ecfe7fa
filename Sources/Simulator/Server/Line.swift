import Audio
import Synchronization
import Wire

/// The far end of a leg's sound: silent until somebody is there, then a customer who speaks and echoes, or another seat.
///
/// The media path reads and writes on its own queue. Who is there is set once, before ``stage`` says so; what another
/// seat's path reads is a ``SampleRing``, whose two ends may be on two threads.
final class Line: AudioSource, AudioSink, @unchecked Sendable {
    private enum Stage: UInt8, AtomicRepresentable { case silent, customer, bridged }

    private let stage = Atomic(Stage.silent)
    private let isHeld = Atomic(false)
    /// What the agent said and nobody has taken yet.
    private let heard = SampleRing(capacity: AudioFormat.sampleRate / 5)
    private let greeting: any AudioSource
    private var greetingFramesLeft: Int
    private var otherSeat: SampleRing?

    init(greeting: any AudioSource, lasting duration: Duration) {
        self.greeting = greeting
        greetingFramesLeft = Int(duration / AudioFormat.frameDuration)
    }

    func connectCustomer() {
        stage.store(.customer, ordering: .releasing)
    }

    func hold(_ isHeld: Bool) {
        self.isHeld.store(isHeld, ordering: .relaxed)
    }

    static func bridge(_ one: Line, _ other: Line) {
        one.otherSeat = other.heard
        other.otherSeat = one.heard
        one.stage.store(.bridged, ordering: .releasing)
        other.stage.store(.bridged, ordering: .releasing)
    }

    func start() { greeting.start() }
    func stop() { greeting.stop() }

    func read(into frame: inout MutableSpan<Int16>) {
        switch stage.load(ordering: .acquiring) {
        case .silent:
            frame.update(repeating: 0)
        case _ where isHeld.load(ordering: .relaxed):
            frame.update(repeating: 0)
        case .customer where greetingFramesLeft > 0:
            greetingFramesLeft -= 1
            greeting.read(into: &frame)
        case .customer:
            take(from: heard, into: &frame)
        case .bridged:
            if let otherSeat { take(from: otherSeat, into: &frame) }
        }
    }

    func write(_ frame: Span<Int16>) {
        guard !isHeld.load(ordering: .relaxed) else { return }
        frame.withUnsafeBufferPointer { _ = heard.write($0) }
    }

    /// Takes the newest three frames at most, so that what is heard is never old.
    private func take(from ring: SampleRing, into frame: inout MutableSpan<Int16>) {
        ring.drop(beyond: 3 * AudioFormat.samplesPerFrame)
        let taken = frame.withUnsafeMutableBufferPointer { ring.read(into: $0) }
        for index in taken..<frame.count {
            frame[index] = 0
        }
    }
}
