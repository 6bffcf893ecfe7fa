import Testing

@testable import Audio

@Suite struct TonePlanTests {
    @Test(
        "The tones of a call are China's: 450 Hz, so long on and so long off (GF 002-9002.4)",
        arguments: [
            (Tone.ringback, 1000, 4000), (.busy, 350, 350), (.congestion, 700, 700), (.waiting, 400, 4000),
            (.end, 150, 150),
        ])
    func cadence(tone: Tone, on: Int, off: Int) throws {
        let source = try TonePlan().source(of: tone)
        // Frames of 20 ms do not divide all of them: looked at in pieces of 10 ms.
        let pieces = (0..<(on + off) / 20 + 1).flatMap { _ in Self.levels(nextFrame(of: source)) }
        let isLoud = pieces.map { $0 > 1000 }
        #expect(isLoud.prefix(on / 10).allSatisfy { $0 })
        #expect(isLoud[(on / 10 + 1)..<((on + off) / 10)].allSatisfy { !$0 })
        let again = try TonePlan().source(of: tone)
        let heard = reading(of: again, frames: min(on / 20, 15))
        #expect(abs((heard.frequency ?? 0) - 450) < 3)
    }

    @Test("What rings is two notes in turn, for a second in five")
    func ring() throws {
        let source = try TonePlan().source(of: .ring)
        let heard = reading(of: source, frames: 15)
        #expect([660.0, 880].contains { abs($0 - (heard.frequency ?? 0)) < 25 })
        for _ in 0..<40 { _ = nextFrame(of: source) }
        #expect(reading(of: source, frames: 180).frequency == nil)
        #expect(Self.levels(nextFrame(of: source)).isEmpty == false)
        for _ in 0..<20 { _ = nextFrame(of: source) }
        #expect(reading(of: source, frames: 15).frequency != nil)
    }

    @Test("Busy, congestion and the end come to an end, the others last")
    func ends() throws {
        for tone in Tone.allCases {
            let source = try TonePlan().source(of: tone)
            for _ in 0..<1000 { _ = nextFrame(of: source) }
            #expect(source.isOver == !tone.isLasting)
            if source.isOver { #expect(nextFrame(of: source).allSatisfy { $0 == 0 }) }
        }
    }

    @Test("A tone begins and ends without a click")
    func slopes() throws {
        let source = try TonePlan().source(of: .end)
        let samples = (0..<20).flatMap { _ in nextFrame(of: source) }
        // A sine of 450 Hz and this level moves by 193 a sample at most.
        #expect(zip(samples, samples.dropFirst()).allSatisfy { abs(Int($0) - Int($1)) < 200 })
    }

    @Test("A file takes a tone's place, over and over where the tone lasts; one that is not there is no tone")
    func files() throws {
        let folder = ScratchFolder()
        let path = folder.path + "/ring.wav"
        let file = try WAVFile(try OutputFile(creating: path), WAVFormat(channels: 1, sampleRate: 48_000))
        try file.append(Array(1...1000)[...])
        var plan = TonePlan()
        plan.files = [.ring: path, .end: path, .busy: folder.path + "/none.wav"]
        let ring = try plan.source(of: .ring)
        #expect(nextFrame(of: ring) + nextFrame(of: ring) == Array(1...1000) + Array(1...920))
        #expect(!ring.isOver)
        let end = try plan.source(of: .end)
        _ = nextFrame(of: end)
        _ = nextFrame(of: end)
        #expect(end.isOver)
        #expect(throws: AudioDevice.Failure.unreadableFile(reason: "No such file or directory")) {
            try plan.source(of: .busy)
        }
    }

    /// The loudest sample of each 10 ms.
    private static func levels(_ frame: [Int16]) -> [Int] {
        [frame[..<480], frame[480...]].map { $0.map { abs(Int($0)) }.max() ?? 0 }
    }
}
