import Dispatch

/// Records to a WAV file of its own that can be played at any time; one that is there already is left alone, the new one
/// gets a number.
///
/// Frames pass through a ring to a queue of their own, which writes four times a second; a disk that stalls for longer
/// than the ring holds costs the sound of that time, never a call's.
package final class WAVSink: AudioSink, @unchecked Sendable {
    private static let interval = DispatchTimeInterval.milliseconds(250)

    private let ring = SampleRing(capacity: 4 * AudioFormat.sampleRate)
    private let queue = DispatchQueue(label: "phonebard.wav", qos: .utility)
    private let writer: Writer

    package init(path: String) throws(AudioDevice.Failure) {
        do throws(OutputFile.Failure) {
            let format = WAVFormat(channels: 1, sampleRate: AudioFormat.sampleRate)
            writer = Writer(try WAVFile(try OutputFile.numbered(path), format), ring: ring)
        } catch {
            throw .unwritableFile(reason: error.text)
        }
    }

    deinit {
        queue.async { [writer] in writer.stop() }
    }

    package func start() {
        queue.async { [queue, writer] in writer.start(every: Self.interval, on: queue) }
    }

    package func stop() {
        queue.async { [writer] in writer.stop() }
    }

    package func write(_ frame: Span<Int16>) {
        frame.withUnsafeBufferPointer { _ = ring.write($0) }
    }

    /// What only the file's queue touches.
    private final class Writer: @unchecked Sendable {
        private let file: WAVFile
        private let ring: SampleRing
        private var timer: (any DispatchSourceTimer)?
        private var buffer = [Int16](repeating: 0, count: AudioFormat.sampleRate)

        init(_ file: WAVFile, ring: SampleRing) {
            self.file = file
            self.ring = ring
        }

        func start(every interval: DispatchTimeInterval, on queue: DispatchQueue) {
            let timer = DispatchSource.makeTimerSource(queue: queue)
            timer.schedule(deadline: .now() + interval, repeating: interval)
            timer.setEventHandler { [unowned self] in drain() }
            timer.resume()
            self.timer = timer
        }

        func stop() {
            timer?.cancel()
            timer = nil
            drain()
        }

        /// A disk that is full costs sound and nothing else.
        private func drain() {
            while case let count = buffer.withUnsafeMutableBufferPointer({ ring.read(into: $0) }), count > 0 {
                try? file.append(buffer[..<count])
            }
        }
    }
}
