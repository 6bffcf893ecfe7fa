import Audio
import ControlAPI
import Seat
import Testing
import Wire

@testable import Daemon

@Suite("Which tone the agent hears")
struct CallTonesTests {
    private let offered = CallProgress(id: "1", isOutgoing: false, phase: .offered)

    @Test("It rings from the offer until the call is answered")
    func answered() {
        var tones = CallTones()
        #expect(tones.follow([offered], heard: []) == [.play(.ring)])
        #expect(tones.follow([offered], heard: []) == [])
        #expect(tones.follow([call("1", .answering)], heard: []) == [.stop])
        #expect(tones.follow([call("1", .connected)], heard: []) == [])
    }

    @Test("It rings from the offer until the caller gives up")
    func cancelled() {
        var tones = CallTones()
        #expect(tones.follow([offered], heard: []) == [.play(.ring)])
        #expect(tones.note(event("cancelPBXCall", ["c": "1"])) == [])
        #expect(tones.follow([], heard: []) == [.stop])
    }

    @Test("While the agent talks, a second call is told of more quietly")
    func waiting() {
        var tones = CallTones()
        #expect(tones.follow([call("2", .connected), offered], heard: []) == [.play(.waiting)])
        #expect(tones.follow([call("2", .connected)], heard: []) == [.stop])
    }

    @Test("Ringback goes on until the call is answered")
    func ringback() {
        var tones = CallTones()
        #expect(tones.note(event("calloutResponse", ["r": "200", "c": "1"])) == [])
        #expect(tones.follow([call("1", .ringing, isOutgoing: true)], heard: []) == [.play(.ringback)])
        #expect(tones.follow([call("1", .connected, isOutgoing: true)], heard: []) == [.stop])
    }

    @Test(
        "A call that is refused is busy or cannot be put through",
        arguments: [("486", Tone.busy), ("503", .busy), ("512", .congestion), ("408", .congestion)])
    func refused(reason: String, tone: Tone) {
        var tones = CallTones()
        #expect(tones.note(event("calloutResponse", ["r": .string(reason)])) == [.play(tone)])
        #expect(tones.follow([], heard: []) == [])
    }

    @Test("A call that nobody answers ends in the busy tone, unless the agent has given up")
    func unanswered() {
        for hangsUp in [false, true] {
            var tones = CallTones()
            #expect(tones.follow([call("1", .ringing, isOutgoing: true)], heard: []) == [.play(.ringback)])
            if hangsUp { tones.hangUp("1") }
            let end = tones.note(event("endPBXCall", ["c": "1", "r": "20"]))
            #expect(end == (hangsUp ? [] : [.play(.busy)]))
            #expect(tones.follow([], heard: []) == (hangsUp ? [.stop] : []))
        }
    }

    @Test("The other side's hanging up is told by a tone, the agent's own is not")
    func ended() {
        for hangsUp in [false, true] {
            var tones = CallTones()
            #expect(tones.follow([call("1", .connected)], heard: []) == [])
            if hangsUp { tones.hangUp("1") }
            #expect(tones.note(event("endPBXCall", ["c": "1", "r": "25"])) == (hangsUp ? [] : [.play(.end)]))
            #expect(tones.follow([], heard: []) == [])
        }
    }

    private func call(_ id: String, _ phase: CallProgress.Phase, isOutgoing: Bool = false) -> CallProgress {
        CallProgress(id: id, isOutgoing: isOutgoing, phase: phase)
    }

    private func event(_ type: String, _ data: JSON) -> Event.Content {
        Event.Content(.callEvent, type: type, data: data)
    }
}
