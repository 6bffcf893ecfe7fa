import Wire

/// An Ogg file of Opus (RFC 7845, RFC 3533) that grows by whole pages, so that what a crash leaves can be played.
///
/// One channel is one stream of mapping family 0. Two channels are two streams that are not coupled (family 1, §5.1.1.2):
/// what one side says must not leak into the other side's channel, which a stereo encoder would let it.
final class OggOpusFile: SpeechFile {
    /// What the encoder delays speech by; players leave as much out (§4.2).
    private static let preSkip = OpusEncoder.delay
    private static let samplesPerPacket = AudioFormat.samplesPerFrame

    private let file: OutputFile
    private var pages: OggPages
    private let encoders: OpusEncoders
    private var packets = 0

    init(_ file: consuming OutputFile, channels: Int, serial: UInt32) throws(OutputFile.Failure) {
        self.file = file
        pages = OggPages(serial: serial)
        encoders = OpusEncoders(channels: channels)
        let head = pages.page(of: Self.head(channels: channels), isFirst: true)
        try self.file.append(head + pages.page(of: Self.tags, isFirst: false))
    }

    /// Adds a frame of interleaved channels; it is in the file after the next ``flush()``.
    func append(_ frame: UnsafeBufferPointer<Int16>) throws(OutputFile.Failure) {
        let packet = encoders.packet(of: frame)
        if !pages.hasRoom(for: packet) { try flush() }
        pages.add(packet)
        packets += 1
    }

    func flush() throws(OutputFile.Failure) {
        guard !pages.isEmpty else { return }
        try file.append(pages.take(granule: packets * Self.samplesPerPacket, isLast: false))
    }

    /// One more packet carries what the encoder still holds; the last granule position says where sound ends (§4.4).
    func finish(silence: UnsafeBufferPointer<Int16>) throws(OutputFile.Failure) {
        let end = packets * Self.samplesPerPacket + Self.preSkip
        try append(silence)
        try file.append(pages.take(granule: end, isLast: true))
    }

    /// §5.1.
    private static func head(channels: Int) -> [UInt8] {
        var writer = ByteWriter(capacity: 24)
        writer.write("OpusHead")
        writer.write(UInt8(1))
        writer.write(UInt8(channels))
        writer.write(UInt16(preSkip).byteSwapped)
        writer.write(UInt32(AudioFormat.sampleRate).byteSwapped)
        writer.write(UInt16(0))
        if channels == 1 {
            writer.write(UInt8(0))
        } else {
            writer.write([1, UInt8(channels), 0] + (0..<UInt8(channels)))
        }
        return writer.bytes
    }

    /// §5.2.
    private static var tags: [UInt8] {
        let vendor = "phonebard"
        var writer = ByteWriter(capacity: 32)
        writer.write("OpusTags")
        writer.write(UInt32(vendor.utf8.count).byteSwapped)
        writer.write(vendor)
        writer.write(UInt32(0))
        return writer.bytes
    }
}

/// One encoder a channel.
private final class OpusEncoders {
    private var first: OpusEncoder
    private var second: OpusEncoder
    private let channels: Int
    private var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
    private var payload = [UInt8](repeating: 0, count: AudioEncoder.maximumPayloadLength)

    init(channels: Int) {
        precondition(1...2 ~= channels)
        self.channels = channels
        let settings = OpusSettings()
        first = OpusEncoder(settings)
        second = OpusEncoder(settings)
    }

    /// All streams but the last are self-delimiting (RFC 7845 §3; RFC 6716 Appendix B [R6]).
    func packet(of interleaved: UnsafeBufferPointer<Int16>) -> [UInt8] {
        pick(0, of: interleaved)
        var span = payload.mutableSpan
        let length = first.encode(frame.span, into: &span)
        let packet = Array(payload.prefix(length))
        guard channels == 2 else { return packet }
        pick(1, of: interleaved)
        var other = payload.mutableSpan
        let otherLength = second.encode(frame.span, into: &other)
        return Self.delimited(packet) + payload.prefix(otherLength)
    }

    private func pick(_ channel: Int, of interleaved: UnsafeBufferPointer<Int16>) {
        for index in frame.indices {
            frame[index] = interleaved[index * channels + channel]
        }
    }

    /// A packet of 20 ms has one frame (code 0), whose length goes behind the first byte.
    private static func delimited(_ packet: [UInt8]) -> [UInt8] {
        guard let configuration = packet.first else { return [0, 0] }
        let length = packet.count - 1
        let lengthField = length < 252 ? [UInt8(length)] : [UInt8(252 + length % 4), UInt8((length - 252) / 4)]
        return [configuration] + lengthField + packet.dropFirst()
    }
}
