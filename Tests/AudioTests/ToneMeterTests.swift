import Testing

@testable import Audio

@Suite struct ToneMeterTests {
    @Test("A tone is measured within a hertz and a tenth of a decibel", arguments: [80, 300, 440, 1000, 2345.6, 3700])
    func tone(frequency: Double) throws {
        let reading = reading(of: ToneSource(frequency: frequency, level: -20))
        #expect(abs(try #require(reading.frequency) - frequency) < 1)
        #expect(abs(reading.level + 20) < 0.1)
    }

    @Test("Full scale is 0 dBFS (AES17)")
    func fullScale() {
        #expect(abs(reading(of: ToneSource(frequency: 997, level: 0)).level) < 0.01)
    }

    @Test("The stronger of two tones is the dominant one")
    func twoTones() throws {
        let weak = ToneSource(frequency: 1500, level: -30)
        let reading = reading(of: ToneSource(frequency: 700, level: -20)) { frame in
            let other = nextFrame(of: weak)
            for index in frame.indices { frame[index] += other[index] }
        }
        #expect(abs(try #require(reading.frequency) - 700) < 1)
    }

    @Test("Silence has the lowest level and no frequency")
    func silence() {
        #expect(reading(of: NullDevice()) == ToneMeter.Reading(level: ToneMeter.Reading.silence, frequency: nil))
    }

    @Test("A quarter of a second after a tone nothing of it is left")
    func forgets() {
        var meter = ToneMeter()
        let tone = ToneSource(frequency: 440, level: -10)
        for _ in 0..<20 { meter.add(nextFrame(of: tone).span) }
        for _ in 0..<13 { meter.add(nextFrame(of: NullDevice()).span) }
        #expect(meter.reading.frequency == nil)
    }

    @Test("The notes of the melody come in their order, then a rest")
    func melody() throws {
        let melody = Melody(level: -12)
        for note in Melody.standard.dropLast() {
            #expect(abs(try #require(reading(of: melody).frequency) - note.frequency) < 2)
        }
        for _ in 0..<10 {
            #expect(nextFrame(of: melody).allSatisfy { $0 == 0 })
        }
        #expect(abs(try #require(reading(of: melody).frequency) - Melody.standard[0].frequency) < 2)
    }
}
