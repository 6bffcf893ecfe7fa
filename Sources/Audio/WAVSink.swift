import Dispatch
import Glibc

/// Records to a WAV file whose header is right after every write, so that what a crash leaves can be played.
///
/// Frames pass through a ring to a queue of their own, which writes four times a second; a disk that stalls for longer
/// than the ring holds costs the sound of that time, never a call's.
package final class WAVSink: AudioSink, @unchecked Sendable {
    private static let interval = DispatchTimeInterval.milliseconds(250)

    private let ring = SampleRing(capacity: 4 * AudioFormat.sampleRate)
    private let queue = DispatchQueue(label: "phonebard.wav", qos: .utility)
    private let file: File

    package init(path: String) throws(AudioDevice.Failure) {
        guard let descriptor = fopen(path, "wb") else { throw .unwritableFile }
        file = File(descriptor, ring: ring)
    }

    deinit {
        queue.async { [file] in file.finish() }
    }

    package func start() {
        queue.async { [queue, file] in file.startDraining(every: Self.interval, on: queue) }
    }

    package func stop() {
        queue.async { [file] in file.stopDraining() }
    }

    package func write(_ frame: Span<Int16>) {
        frame.withUnsafeBufferPointer { _ = ring.write($0) }
    }

    /// What only the file's queue touches.
    private final class File: @unchecked Sendable {
        private let descriptor: UnsafeMutablePointer<FILE>
        private let ring: SampleRing
        private var dataLength = 0
        private var timer: (any DispatchSourceTimer)?
        private let buffer = UnsafeMutableBufferPointer<Int16>.allocate(capacity: 4096)

        init(_ descriptor: UnsafeMutablePointer<FILE>, ring: SampleRing) {
            self.descriptor = descriptor
            self.ring = ring
            writeHeader()
        }

        func startDraining(every interval: DispatchTimeInterval, on queue: DispatchQueue) {
            let timer = DispatchSource.makeTimerSource(queue: queue)
            timer.schedule(deadline: .now() + interval, repeating: interval)
            timer.setEventHandler { [unowned self] in drain() }
            timer.resume()
            self.timer = timer
        }

        func stopDraining() {
            timer?.cancel()
            timer = nil
            drain()
        }

        func finish() {
            stopDraining()
            fclose(descriptor)
            buffer.deallocate()
        }

        /// WAV samples are little-endian, as are the machines this runs on.
        private func drain() {
            while case let count = ring.read(into: buffer), count > 0 {
                dataLength += 2 * fwrite(buffer.baseAddress, 2, count, descriptor)
            }
            writeHeader()
        }

        private func writeHeader() {
            let format = WAVFormat(channels: 1, sampleRate: AudioFormat.sampleRate)
            rewind(descriptor)
            fwrite(format.header(dataLength: dataLength), 1, WAVFormat.headerLength, descriptor)
            fseek(descriptor, 0, SEEK_END)
            fflush(descriptor)
        }
    }
}
