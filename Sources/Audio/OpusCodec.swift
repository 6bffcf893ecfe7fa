import COpus

/// How an encoder of Opus is set up; the defaults suit one voice.
package struct OpusSettings: Sendable, Hashable {
    /// Bits per second.
    package var bitrate: Int32 = 28_000
    package var complexity: Int32 = 5
    /// In-band forward error correction: costs quality without loss, wins from 5 % on.
    package var forwardErrorCorrection = false
    /// The loss to be ready for, in percent.
    package var expectedLoss: Int32 = 0

    package init() {}
}

/// An `OpusEncoder` of one voice at 48 kHz in frames of 20 ms (RFC 6716).
package struct OpusEncoder: ~Copyable {
    private let state: OpaquePointer

    init(_ settings: OpusSettings) {
        var failure: Int32 = OPUS_OK
        guard
            let state = opus_encoder_create(
                Int32(AudioFormat.sampleRate), 1, OPUS_APPLICATION_VOIP, &failure)
        else { preconditionFailure("libopus refuses an encoder: \(failure)") }
        self.state = state
        phonebard_opus_set_voice(state)
        phonebard_opus_set_dtx(state, 0)
        phonebard_opus_set_complexity(state, settings.complexity)
        phonebard_opus_set_bitrate(state, settings.bitrate)
        phonebard_opus_set_inband_fec(state, settings.forwardErrorCorrection ? 1 : 0)
        phonebard_opus_set_packet_loss_perc(state, settings.expectedLoss)
    }

    deinit {
        opus_encoder_destroy(state)
    }

    /// The length of the packet now at the front of `payload`.
    mutating func encode(_ frame: Span<Int16>, into payload: inout MutableSpan<UInt8>) -> Int {
        frame.withUnsafeBufferPointer { frame in
            payload.withUnsafeMutableBufferPointer { payload in
                guard let samples = frame.baseAddress, let octets = payload.baseAddress else { return 0 }
                return max(0, Int(opus_encode(state, samples, Int32(frame.count), octets, Int32(payload.count))))
            }
        }
    }
}

/// An `OpusDecoder` to one channel at 48 kHz in frames of 20 ms (RFC 6716).
package struct OpusDecoder: ~Copyable {
    private let state: OpaquePointer

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

    /// False when the packet is not one of 20 ms or less; then `frame` is undefined.
    mutating func decode(_ payload: Span<UInt8>, into frame: inout MutableSpan<Int16>) -> Bool {
        payload.withUnsafeBufferPointer { decode($0, into: &frame, previous: false) }
    }

    /// The frame before the one of `next`, from the forward error correction in it.
    mutating func recover(from next: Span<UInt8>, into frame: inout MutableSpan<Int16>) -> Bool {
        next.withUnsafeBufferPointer { decode($0, into: &frame, previous: true) }
    }

    /// The frame that would sound likely after the last one.
    mutating func extrapolate(into frame: inout MutableSpan<Int16>) {
        if !decode(UnsafeBufferPointer(start: nil, count: 0), into: &frame, previous: false) {
            frame.update(repeating: 0)
        }
    }

    private func decode(
        _ payload: UnsafeBufferPointer<UInt8>, into frame: inout MutableSpan<Int16>, previous: Bool
    ) -> Bool {
        frame.withUnsafeMutableBufferPointer { frame in
            guard let samples = frame.baseAddress else { return false }
            let count = opus_decode(
                state, payload.baseAddress, Int32(payload.count), samples, Int32(frame.count), previous ? 1 : 0)
            guard count >= 0 else { return false }
            frame.dropFirst(Int(count)).update(repeating: 0)
            return true
        }
    }
}
