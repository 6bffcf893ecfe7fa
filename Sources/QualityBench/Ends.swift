import Audio

/// Says what it was given.
final class Microphone: AudioSource, @unchecked Sendable {
    private let speech: [Int16]
    private var position = 0

    init(_ speech: [Int16]) { self.speech = speech }

    var isOver: Bool { position + AudioFormat.samplesPerFrame > speech.count }

    func start() {}
    func stop() {}

    func read(into frame: inout MutableSpan<Int16>) {
        for index in frame.indices { frame[index] = speech[position + index] }
        position += frame.count
    }
}

/// Keeps what it hears.
final class Loudspeaker: AudioSink, @unchecked Sendable {
    private(set) var heard: [Int16] = []

    func start() {}
    func stop() {}

    func write(_ frame: Span<Int16>) {
        for index in frame.indices { heard.append(frame[index]) }
    }
}
