import Dispatch
import Synchronization

/// What only a recording's queue touches: takes frames from the ring and puts each where it belongs.
final class RecordingWriter: @unchecked Sendable {
    private var file: (any SpeechFile)?
    private let channels: Recording.Settings.Channels
    private let ring: FrameRing
    private let onFailure: @Sendable (Recording.Failure) -> Void
    private var timer: (any DispatchSourceTimer)?
    private var frames = 0
    private let kept = Atomic<Int>(0)
    private let mixed = UnsafeMutableBufferPointer<Int16>.allocate(capacity: AudioFormat.samplesPerFrame)
    private let silence = UnsafeMutableBufferPointer<Int16>.allocate(capacity: FrameRing.samplesPerFrame)

    init(
        _ file: any SpeechFile, _ channels: Recording.Settings.Channels, ring: FrameRing,
        onFailure: @escaping @Sendable (Recording.Failure) -> Void
    ) {
        self.file = file
        self.channels = channels
        self.ring = ring
        self.onFailure = onFailure
        mixed.initialize(repeating: 0)
        silence.initialize(repeating: 0)
    }

    deinit {
        mixed.deallocate()
        silence.deallocate()
    }

    /// How many frames are with the system; any thread may ask.
    var framesKept: Int { kept.load(ordering: .relaxed) }

    func start(every interval: DispatchTimeInterval, on queue: DispatchQueue) {
        let timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now() + interval, repeating: interval)
        timer.setEventHandler { [unowned self] in drain() }
        timer.resume()
        self.timer = timer
    }

    /// `length` is how many frames the whole shall have at least.
    func stop(length: Int = 0) {
        timer?.cancel()
        timer = nil
        drain()
        keep { file throws(OutputFile.Failure) in
            try addSilence(until: length)
            try file.finish(silence: UnsafeBufferPointer(silence))
        }
        file = nil
    }

    private func drain() {
        while ring.read({ number, frame in
            do throws(OutputFile.Failure) {
                try addSilence(until: number)
                try add(frame)
            } catch {
                fail(error)
            }
        }) {}
        keep { file throws(OutputFile.Failure) in try file.flush() }
    }

    /// What failed before is not kept.
    private func keep(_ write: (any SpeechFile) throws(OutputFile.Failure) -> Void) {
        guard let file else { return }
        do throws(OutputFile.Failure) {
            try write(file)
            kept.store(frames, ordering: .relaxed)
        } catch {
            fail(error)
        }
    }

    private func fail(_ failure: OutputFile.Failure) {
        guard file != nil else { return }
        file = nil
        onFailure(.unwritable(failure.text))
    }

    private func addSilence(until number: Int) throws(OutputFile.Failure) {
        while frames < number, file != nil { try add(UnsafeBufferPointer(silence)) }
    }

    private func add(_ frame: UnsafeBufferPointer<Int16>) throws(OutputFile.Failure) {
        guard let file else { return }
        switch channels {
        case .separate: try file.append(frame)
        case .mixed:
            for index in mixed.indices {
                mixed[index] = Int16(clamping: Int(frame[2 * index]) + Int(frame[2 * index + 1]))
            }
            try file.append(UnsafeBufferPointer(mixed))
        }
        frames += 1
    }
}
