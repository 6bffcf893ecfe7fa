import ControlAPI
import Testing
import Wire

@Suite("The body of PATCH /v1/audio")
struct AudioChangeTests {
    @Test("Each device may have another name, volume or mute; what is absent or null stays")
    func parsed() throws {
        var change = AudioChange()
        change.microphone = AudioChange.Part(device: "pulse:headset")
        change.speaker = AudioChange.Part(volume: 0.5, isMuted: false)
        change.ringer = AudioChange.Part(volume: 1)
        let body = #"""
            {"microphone": {"device": "pulse:headset", "volume": null}, "speaker": {"volume": 0.5, "muted": false},
             "ringer": {"volume": 1}}
            """#
        #expect(try AudioChange(body: Array(body.utf8).span) == change)
        #expect(try AudioChange(body: Array("{}".utf8).span) == AudioChange())
    }

    @Test(
        "What cannot be meant is refused, with its name",
        arguments: [
            (#"{"speaker": 1}"#, "speaker"), (#"{"speaker": {"device": 7}}"#, "speaker.device"),
            (#"{"ringer": {"volume": -0.1}}"#, "ringer.volume"),
            (#"{"microphone": {"volume": 2}}"#, "microphone.volume"),
            (#"{"microphone": {"volume": "loud"}}"#, "microphone.volume"),
            (#"{"speaker": {"muted": 1}}"#, "speaker.muted"),
        ])
    func refused(body: String, name: String) {
        #expect(throws: Problem.malformedBody) { try AudioChange(body: [UInt8]().span) }
        #expect(
            throws: Problem.invalidParameter(name, expected: name.hasSuffix(".volume") ? "a number from 0 to 1.5" : nil)
        ) { try AudioChange(body: Array(body.utf8).span) }
    }
}
