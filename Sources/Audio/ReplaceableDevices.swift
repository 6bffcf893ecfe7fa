import Synchronization

/// A source that another one may take the place of while it is read.
package final class ReplaceableSource: AudioSource, @unchecked Sendable {
    private var current: any AudioSource
    private var isRunning = false
    private let successor = Successor<any AudioSource>()

    package init(_ source: any AudioSource) {
        current = source
    }

    /// From any thread; the next frame is the other one's.
    package func replace(with source: any AudioSource) {
        successor.name(source)
    }

    package func start() {
        isRunning = true
        current.start()
    }

    package func stop() {
        isRunning = false
        current.stop()
    }

    package func read(into frame: inout MutableSpan<Int16>) {
        if let source = successor.take() {
            current.stop()
            current = source
            if isRunning { source.start() }
        }
        current.read(into: &frame)
    }
}

/// A sink that another one may take the place of while it is written to.
package final class ReplaceableSink: AudioSink, @unchecked Sendable {
    private var current: any AudioSink
    private var isRunning = false
    private let successor = Successor<any AudioSink>()

    package init(_ sink: any AudioSink) {
        current = sink
    }

    /// From any thread; the next frame is the other one's.
    package func replace(with sink: any AudioSink) {
        successor.name(sink)
    }

    package func start() {
        isRunning = true
        current.start()
    }

    package func stop() {
        isRunning = false
        current.stop()
    }

    package func write(_ frame: Span<Int16>) {
        if let sink = successor.take() {
            current.stop()
            current = sink
            if isRunning { sink.start() }
        }
        current.write(frame)
    }
}

/// Who comes next; as long as nobody does, asking takes no lock.
private struct Successor<Device: Sendable>: ~Copyable, Sendable {
    private let isNamed = Atomic<Bool>(false)
    private let device = Mutex<Device?>(nil)

    func name(_ device: Device) {
        self.device.withLock { $0 = device }
        isNamed.store(true, ordering: .releasing)
    }

    @inline(__always)
    func take() -> Device? {
        guard isNamed.load(ordering: .relaxed) else { return nil }
        isNamed.store(false, ordering: .relaxed)
        return device.withLock { device in
            defer { device = nil }
            return device
        }
    }
}
