import COpus

/// How an encoder of Opus is set up; the defaults suit one voice.
package struct OpusSettings: Sendable, Hashable {
    /// Bits per second.
    package var bitrate: Int32 = 28_000
    package var complexity: Int32 = 5
    /// Whether silence is not sent.
    package var discontinuousTransmission = false

    package init() {}
}

/// An `OpusEncoder` of one voice (RFC 6716).
///
/// Its band is that of wideband telephony, 8 kHz: no telephone hears more, and at this bitrate the rest would be paid for by
/// what every listener hears. So it is given no more than 16 kHz, which costs it less than to make them of 48 kHz itself.
package struct OpusEncoder: ~Copyable {
    /// By how many samples at 48 kHz what is decoded comes later: 312 are libopus's, the others the filter's.
    package static let delay = 348

    private static let factor = 3
    private static let longestFrame = 3 * AudioFormat.samplesPerFrame
    private static let greatestExpectedLoss = 10

    private let state: OpaquePointer
    private var decimator = Decimator(factor: factor, capacity: longestFrame)
    private var wide = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame / factor)
    private var expectedLoss = 0

    init(_ settings: OpusSettings) {
        var failure: Int32 = OPUS_OK
        guard
            let state = opus_encoder_create(
                Int32(AudioFormat.sampleRate / Self.factor), 1, OPUS_APPLICATION_VOIP, &failure)
        else { preconditionFailure("libopus refuses an encoder: \(failure)") }
        self.state = state
        phonebard_opus_set_voice(state)
        phonebard_opus_set_wideband(state)
        phonebard_opus_set_dtx(state, settings.discontinuousTransmission ? 1 : 0)
        phonebard_opus_set_complexity(state, settings.complexity)
        phonebard_opus_set_bitrate(state, settings.bitrate)
    }

    deinit {
        opus_encoder_destroy(state)
    }

    /// In-band forward error correction costs quality without loss and wins from 5 % on; it is taken from the voice's share of
    /// the bitrate, which stays as it is. The more libopus expects to be lost the more it takes: beyond 10 %, too much.
    mutating func expect(loss percent: Int) {
        let percent = min(percent, Self.greatestExpectedLoss)
        guard percent != expectedLoss else { return }
        expectedLoss = percent
        phonebard_opus_set_inband_fec(state, percent > 0 ? 1 : 0)
        phonebard_opus_set_packet_loss_perc(state, Int32(percent))
    }

    /// The length of the packet now at the front of `payload`; 0 for what need not be sent, which libopus says by a packet of
    /// at most two bytes.
    mutating func encode(_ frame: Span<Int16>, into payload: inout MutableSpan<UInt8>) -> Int {
        if frame.count != wide.count * Self.factor { wide = [Int16](repeating: 0, count: frame.count / Self.factor) }
        decimator.process(frame, into: &wide)
        return wide.withUnsafeBufferPointer { wide in
            payload.withUnsafeMutableBufferPointer { payload in
                guard let samples = wide.baseAddress, let octets = payload.baseAddress else { return 0 }
                let length = opus_encode(state, samples, Int32(wide.count), octets, Int32(payload.count))
                return length > 2 ? Int(length) : 0
            }
        }
    }
}

/// An `OpusDecoder` to one channel at 48 kHz (RFC 6716).
package struct OpusDecoder: ~Copyable {
    /// Concealment and recovery are made in steps of 2.5 ms.
    private static let step = 120

    private let state: OpaquePointer
    /// What remains of a peak that was rounded off at the end of a frame.
    private var clipping: Float = 0

    init() {
        var failure: Int32 = OPUS_OK
        guard let state = opus_decoder_create(Int32(AudioFormat.sampleRate), 1, &failure) else {
            preconditionFailure("libopus refuses a decoder: \(failure)")
        }
        self.state = state
    }

    deinit {
        opus_decoder_destroy(state)
    }

    /// The count of samples now at the front of `samples`; 0 when the payload is no Opus packet.
    mutating func decode(_ payload: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
        let limit = samples.count
        return payload.withUnsafeBufferPointer { decode($0, into: &samples, limit: limit, isPrevious: false) }
    }

    /// The last `count` samples before those of `next`, from the forward error correction in it.
    mutating func recover(_ count: Int, from next: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
        let steps = stepped(count, within: samples.count)
        return next.withUnsafeBufferPointer { decode($0, into: &samples, limit: steps, isPrevious: true) }
    }

    /// What would sound likely after the last samples.
    mutating func conceal(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
        let nothing = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        return decode(nothing, into: &samples, limit: stepped(count, within: samples.count), isPrevious: false)
    }

    private func stepped(_ count: Int, within limit: Int) -> Int {
        min(max(count, Self.step), limit) / Self.step * Self.step
    }

    private mutating func decode(
        _ payload: UnsafeBufferPointer<UInt8>, into samples: inout MutableSpan<Int16>, limit: Int, isPrevious: Bool
    ) -> Int {
        samples.withUnsafeMutableBufferPointer { samples in
            guard let start = samples.baseAddress else { return 0 }
            let count = phonebard_opus_decode(
                state, payload.baseAddress, Int32(payload.count), start, Int32(limit), isPrevious ? 1 : 0, &clipping)
            return max(0, Int(count))
        }
    }
}
