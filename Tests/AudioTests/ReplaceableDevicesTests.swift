import Synchronization
import Testing

@testable import Audio

@Suite struct ReplaceableDevicesTests {
    @Test("From the frame after it was named on, another source is read, started and the one before stopped")
    func source() {
        let (first, second) = (Sounding(1), Sounding(2))
        let source = ReplaceableSource(first)
        source.start()
        #expect(nextFrame(of: source) == first.frame)
        source.replace(with: second)
        #expect(second.log.withLock(\.self) == [])
        #expect(nextFrame(of: source) == second.frame)
        #expect(nextFrame(of: source) == second.frame)
        source.stop()
        #expect(first.log.withLock(\.self) == ["start", "stop"])
        #expect(second.log.withLock(\.self) == ["start", "stop"])
    }

    @Test("What takes a place before the start is started with it, and of two the later one counts")
    func early() {
        let (first, second, third) = (Sounding(1), Sounding(2), Sounding(3))
        let source = ReplaceableSource(first)
        source.replace(with: second)
        source.replace(with: third)
        source.start()
        #expect(nextFrame(of: source) == third.frame)
        #expect(second.log.withLock(\.self) == [])
        #expect(third.log.withLock(\.self) == ["start"])
    }

    @Test("Another sink is written to from the next frame on")
    func sink() {
        let (first, second) = (Sounding(1), Sounding(2))
        let sink = ReplaceableSink(first)
        let frame = first.frame
        sink.start()
        sink.write(frame.span)
        sink.replace(with: second)
        sink.write(frame.span)
        sink.stop()
        #expect(first.log.withLock(\.self) == ["start", "write", "stop"])
        #expect(second.log.withLock(\.self) == ["start", "write", "stop"])
    }
}

/// Gives the same sample always, and keeps what is done to it.
private final class Sounding: AudioSource, AudioSink {
    let frame: [Int16]
    let log = Mutex<[String]>([])

    init(_ sample: Int16) {
        frame = [Int16](repeating: sample, count: AudioFormat.samplesPerFrame)
    }

    func start() { log.withLock { $0.append("start") } }
    func stop() { log.withLock { $0.append("stop") } }
    func write(_ frame: Span<Int16>) { log.withLock { $0.append("write") } }

    func read(into frame: inout MutableSpan<Int16>) {
        frame.update(repeating: self.frame[0])
    }
}
