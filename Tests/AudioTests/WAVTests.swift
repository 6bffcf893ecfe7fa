import Foundation
import Testing

@testable import Audio

@Suite struct WAVTests {
    private let folder = ScratchFolder()

    @Test(
        "A tone in a file of any usual rate is heard",
        arguments: [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000], [1, 2])
    func rates(sampleRate: Int, channels: Int) throws {
        let path = try folder.write(WAVFormat(channels: channels, sampleRate: sampleRate), tone(sampleRate, channels))
        let reading = reading(of: try WAVSource(path: path, repeats: true), frames: 70)
        #expect(abs(try #require(reading.frequency) - 600) < 1)
        #expect(abs(reading.level + 20) < 0.2)
    }

    @Test(
        "A tone in a file of any usual coding is heard, also where a longer format chunk names it",
        arguments: [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (6, 8), (7, 8)], [false, true])
    func codings(_ form: (coding: Int, bits: Int), isExtensible: Bool) throws {
        let octets = tone(16_000, 1).flatMap { sample -> [UInt8] in
            switch form {
            case (1, 8): [UInt8(Int(sample) >> 8 + 128)]
            case (3, _): little(Int(Float(Double(sample) / 32_768).bitPattern), 4)
            case (6, _): [G711.aLaw.compressed(sample)]
            case (7, _): [G711.muLaw.compressed(sample)]
            default: little(Int(sample) << (form.bits - 16), form.bits / 8)
            }
        }
        let size = form.bits / 8
        var chunk = little(isExtensible ? 0xFFFE : form.coding, 2) + little(1, 2) + little(16_000, 4)
        chunk += little(16_000 * size, 4) + little(size, 2) + little(form.bits, 2)
        if isExtensible {
            chunk += little(22, 2) + little(form.bits, 2) + little(4, 4) + little(form.coding, 2)
            chunk += [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
        }
        let body =
            Array("WAVEfmt ".utf8) + little(chunk.count, 4) + chunk + Array("data".utf8) + little(octets.count, 4)
        let path = try folder.write(Array("RIFF".utf8) + little(body.count + octets.count, 4) + body + octets)
        let reading = reading(of: try WAVSource(path: path, repeats: true), frames: 70)
        #expect(abs(try #require(reading.frequency) - 600) < 1)
        #expect(abs(reading.level + 20) < 0.5)
    }

    /// 600 Hz for a second at -20 dBFS.
    private func tone(_ sampleRate: Int, _ channels: Int) -> [Int16] {
        (0..<sampleRate).flatMap { index in
            let sample = sin(2 * .pi * 600 * Double(index) / Double(sampleRate)) * 3276.7
            return [Int16](repeating: Int16(sample), count: channels)
        }
    }

    private func little(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    @Test("What a file of 192 kHz has above our band is not heard")
    func folds() throws {
        let samples = (0..<192_000).map { Int16(sin(2 * .pi * 40_000 * Double($0) / 192_000) * 3276.7) }
        let path = try folder.write(WAVFormat(channels: 1, sampleRate: 192_000), samples)
        #expect(reading(of: try WAVSource(path: path, repeats: true), frames: 20).level < -70)
    }

    @Test("A pipe and a folder are no files, and a pipe is not waited for")
    func noFile() throws {
        let path = folder.path + "/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        for path in [path, folder.path] {
            #expect(throws: AudioDevice.Failure.unreadableFile(reason: "it is no file")) {
                try WAVSource(path: path, repeats: false)
            }
        }
    }

    @Test("A rate that is none, and a file without a sample, are not supported")
    func unsupported() throws {
        for (rate, samples) in [(0, [1]), (4_000, [1]), (8_000, [])] as [(Int, [Int16])] {
            let path = try folder.write(WAVFormat(channels: 1, sampleRate: rate), samples)
            #expect(throws: AudioDevice.Failure.unsupportedFile) { try WAVSource(path: path, repeats: false) }
        }
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
        #expect(throws: AudioDevice.Failure.unreadableFile(reason: "No such file or directory")) {
            try AudioDevice.wav(path: folder.path + "/none.wav", repeats: true).makeSource()
        }
        #expect(throws: AudioDevice.Failure.unwritableFile(reason: "No such file or directory")) {
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
