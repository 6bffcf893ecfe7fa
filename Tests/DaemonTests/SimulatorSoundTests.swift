import Audio
import Testing
import Wire

@testable import Simulator

@Suite("What is said and heard at the simulated platform")
struct SimulatorSoundTests {
    /// Says one value all the time and keeps what it hears.
    private final class Talker: Participant, @unchecked Sendable {
        let value: Int16
        private(set) var heard: [Int16] = []

        init(_ value: Int16) {
            self.value = value
        }

        func say(into frame: inout MutableSpan<Int16>) { frame.update(repeating: value) }

        func hear(_ frame: Span<Int16>) { heard.append(frame[0]) }
    }

    private func heard(_ members: [(Talker, hears: Bool, isHeard: Bool)]) -> [[Int16]] {
        let mix = Mix(members.map { Mix.Member(participant: $0.0, hears: $0.hears, isHeard: $0.isHeard) })
        mix.beat()
        return members.map(\.0.heard)
    }

    @Test("Each hears the sum of the others; who only listens adds nothing, who only speaks hears nothing")
    func mix() {
        #expect(heard([(Talker(1), true, true), (Talker(10), true, true)]) == [[10], [1]])
        #expect(
            heard([(Talker(1), true, true), (Talker(10), true, false), (Talker(100), true, true)]) == [
                [100], [101], [1],
            ])
        #expect(
            heard([(Talker(1), true, true), (Talker(10), true, true), (Talker(100), true, true)]) == [
                [110], [101], [11],
            ])
        #expect(heard([(Talker(1), true, true), (Talker(10), false, true)]) == [[10], []])
        #expect(heard([(Talker(1), true, true)]) == [[0]])
    }

    @Test("Loud voices together are as loud as there is, not something else")
    func clipping() {
        #expect(
            heard([(Talker(30_000), true, true), (Talker(30_000), true, true), (Talker(0), true, true)])[2] == [32_767])
        #expect(
            heard([(Talker(-30_000), true, true), (Talker(-30_000), true, true), (Talker(0), true, true)])[2] == [
                -32_768
            ])
    }

    @Test("A customer says the prompt, then what was heard a frame ago; without an echo the prompt never ends")
    func customer() {
        for echoes in [true, false] {
            let customer = CustomerSound(
                prompt: ToneSource(frequency: 1000, level: -20), lasting: echoes ? .milliseconds(40) : nil)
            let agent = Talker(7)
            let both: [any Participant] = [customer, agent]
            let mix = Mix(both.map { Mix.Member(participant: $0, hears: true, isHeard: true) })
            for _ in 0..<5 { mix.beat() }
            // A sine begins at zero, and has come round at the beginning of each frame of 20 ms.
            #expect(agent.heard == (echoes ? [0, 0, 7, 7, 7] : [0, 0, 0, 0, 0]))
        }
    }

    @Test("Speech has syllables and pauses, and a voice that no single tone has")
    func speech() {
        let speech = Speech()
        var meters: [ToneMeter.Reading] = []
        for _ in 0..<8 {
            var meter = ToneMeter()
            for _ in 0..<13 {
                var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
                var samples = frame.mutableSpan
                speech.read(into: &samples)
                meter.add(frame.span)
            }
            meters.append(meter.reading)
        }
        #expect(meters.contains { $0.level > -35 })
        #expect(meters.allSatisfy { $0.level < -6 })
        #expect(Set(meters.compactMap { $0.frequency.map { Int($0 / 50) } }).count > 2)
    }
}
