import Wire

/// How loud the sound of a packet is (RFC 6464 §3).
package struct AudioLevel: Hashable, Sendable {
    /// Below the overload point, in decibels; 127 is silence.
    package var attenuation: UInt8
    /// Whether the sender thinks it speech.
    package var isVoice: Bool

    package init(attenuation: UInt8, isVoice: Bool) {
        self.attenuation = min(attenuation, 127)
        self.isVoice = isVoice
    }

    /// The level of samples of 16 bits; only silence counts as no voice.
    package init(of samples: Span<Int16>) {
        self.init(energy: samples.energy, count: samples.count)
    }

    /// Steps down by 1 dB in power until it is below the sound's: no logarithm, the same on every machine.
    private init(energy: UInt64, count: Int) {
        let fullScale = UInt64(count) * 32_768 * 32_768
        guard energy > 0, fullScale > 0 else {
            self.init(attenuation: 127, isVoice: false)
            return
        }
        var (threshold, attenuation) = (Double(fullScale), UInt8(0))
        while attenuation < 127, Double(energy) < threshold * Self.halfDecibelDown {
            threshold *= Self.decibelDown
            attenuation += 1
        }
        self.init(attenuation: attenuation, isVoice: attenuation < Self.silenceFloor)
    }

    /// 10^-0.1 and 10^-0.05.
    private static let decibelDown = 0.794_328_234_724_281_5
    private static let halfDecibelDown = 0.891_250_938_133_745_5
    private static let silenceFloor: UInt8 = 60

    init(octet: UInt8) {
        self.init(attenuation: octet & 0x7F, isVoice: octet & 0x80 != 0)
    }

    var octet: UInt8 { (isVoice ? 0x80 : 0) | attenuation }
}
