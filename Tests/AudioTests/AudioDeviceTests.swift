import Testing

@testable import Audio

@Suite struct AudioDeviceTests {
    @Test(
        "A device is named by a word and its arguments",
        arguments: [
            ("null", AudioDevice.null),
            ("tone:440", .tone(frequency: 440, level: -20)),
            ("tone:1000.5,-6", .tone(frequency: 1000.5, level: -6)),
            ("wav:/a/b:c.wav", .wav(path: "/a/b:c.wav", repeats: true)),
            ("wav:hello.wav,once", .wav(path: "hello.wav", repeats: false)),
            ("pulse", .pulse(names: ["default"])),
            ("pulse:alsa_input.usb", .pulse(names: ["alsa_input.usb"])),
            ("pulse:headset,alsa_input.usb,default", .pulse(names: ["headset", "alsa_input.usb", "default"])),
        ])
    func parsed(text: String, device: AudioDevice) {
        #expect(AudioDevice(text) == device)
    }

    @Test(
        "What is no device is none",
        arguments: [
            "", "null:1", "tone", "tone:", "tone:-5", "tone:440,", "tone:440,3", "tone:1,2,3", "wav", "alsa", ":",
            "pulse:", "pulse:a,",
        ])
    func refused(text: String) {
        #expect(AudioDevice(text) == nil)
    }

    @Test("A tone is no loudspeaker")
    func toneSink() {
        #expect(throws: AudioDevice.Failure.notASink) {
            try AudioDevice.tone(frequency: 440, level: -20).makeSink()
        }
    }
}
