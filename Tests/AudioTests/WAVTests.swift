import Foundation
import Testing

@testable import Audio

@Suite struct WAVTests {
    private let folder = ScratchFolder()

    @Test("A tone in a file of any supported form is heard", arguments: [8_000, 16_000, 48_000], [1, 2])
    func plays(sampleRate: Int, channels: Int) throws {
        let samples = (0..<sampleRate).flatMap { index in
            let sample = sin(2 * .pi * 600 * Double(index) / Double(sampleRate)) * 3276.7
            return [Int16](repeating: Int16(sample), count: channels)
        }
        let path = try folder.write(WAVFormat(channels: channels, sampleRate: sampleRate), samples)
        let reading = reading(of: try WAVSource(path: path, repeats: true), frames: 70)
        #expect(abs(try #require(reading.frequency) - 600) < 1)
        #expect(abs(reading.level + 20) < 0.2)
    }

    @Test("A file is played once or over and over, and from its beginning after each start")
    func repeats() throws {
        let path = try folder.write(WAVFormat(channels: 1, sampleRate: 48_000), Array(1...1000))
        let forever = try WAVSource(path: path, repeats: true)
        #expect(nextFrame(of: forever) == Array(1...960))
        #expect(nextFrame(of: forever) == Array(961...1000) + Array(1...920))
        let once = try WAVSource(path: path, repeats: false)
        #expect(nextFrame(of: once) == Array(1...960))
        #expect(nextFrame(of: once) == Array(961...1000) + [Int16](repeating: 0, count: 920))
        once.start()
        #expect(nextFrame(of: once) == Array(1...960))
    }

    @Test("Chunks before the samples are skipped, and a data length beyond the end is cut")
    func chunks() throws {
        var file = WAVFormat(channels: 1, sampleRate: 8_000).header(dataLength: 0xFFFF_FFF0)
        file.insert(contentsOf: Array("LIST".utf8) + [3, 0, 0, 0, 1, 2, 3, 0], at: 12)
        file += [1, 2, 3]
        let (format, data) = try WAVFormat.parse(file.span)
        #expect(format == WAVFormat(channels: 1, sampleRate: 8_000))
        #expect(data == 56..<59)
    }

    @Test("A file cut anywhere is refused or played, never a crash")
    func truncated() throws {
        let file = WAVFormat(channels: 2, sampleRate: 16_000).header(dataLength: 64) + [UInt8](repeating: 7, count: 64)
        for length in 0..<file.count {
            let path = try folder.write(Array(file.prefix(length)))
            if length < WAVFormat.headerLength + 4 {
                #expect(throws: AudioDevice.Failure.unsupportedFile) { try WAVSource(path: path, repeats: false) }
            } else {
                #expect(nextFrame(of: try WAVSource(path: path, repeats: false)).count == 960)
            }
        }
    }

    @Test("What is missing cannot be read, and where nothing may be written nothing is recorded")
    func unavailable() {
        #expect(throws: AudioDevice.Failure.unreadableFile) {
            try AudioDevice.wav(path: folder.path + "/none.wav", repeats: true).makeSource()
        }
        #expect(throws: AudioDevice.Failure.unwritableFile) {
            try AudioDevice.wav(path: folder.path + "/none/none.wav", repeats: true).makeSink()
        }
    }

    @Test("A recording is a valid file while it is being made and holds every sample at the end")
    func records() async throws {
        let path = folder.path + "/recording.wav"
        let sink = try WAVSink(path: path)
        sink.start()
        let frames = (0..<5).map { frame in (0..<960).map { Int16(frame * 960 + $0) } }
        for frame in frames { sink.write(frame.span) }
        #expect(await eventually { recorded(at: path) == frames.flatMap(\.self) })
        let last = [Int16](repeating: 77, count: 960)
        sink.write(last.span)
        sink.stop()
        #expect(await eventually { recorded(at: path) == (frames + [last]).flatMap(\.self) })
    }

    private func recorded(at path: String) -> [Int16]? {
        let file = [UInt8](FileManager.default.contents(atPath: path) ?? Data())
        guard let (format, data) = try? WAVFormat.parse(file.span), data.upperBound == file.count else { return nil }
        #expect(format == WAVFormat(channels: 1, sampleRate: 48_000))
        return stride(from: data.lowerBound, to: data.upperBound, by: 2).map {
            Int16(truncatingIfNeeded: Int(file[$0]) | Int(file[$0 + 1]) << 8)
        }
    }
}

extension ScratchFolder {
    fileprivate func write(_ format: WAVFormat, _ samples: [Int16]) throws -> String {
        let octets = samples.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        return try write(format.header(dataLength: octets.count) + octets)
    }

    fileprivate func write(_ octets: [UInt8]) throws -> String {
        let path = "\(path)/\(UUID().uuidString).wav"
        try Data(octets).write(to: URL(fileURLWithPath: path))
        return path
    }
}
