import Wire

/// The part of a RIFF WAVE file that says how its samples are to be read: PCM of 16 bits, mono or stereo.
struct WAVFormat: Sendable, Hashable {
    enum Failure: Error { case notWAV, unsupported }

    var channels: Int
    var sampleRate: Int

    static let headerLength = 44

    /// Reads the chunks up to `data` and gives the range of that chunk's content; a length beyond the end of the file,
    /// which streaming writers leave, is cut.
    static func parse(_ file: Span<UInt8>) throws(Failure) -> (format: WAVFormat, data: Range<Int>) {
        var reader = ByteReader(file)
        do {
            guard try reader.readUInt32() == Tag.riff else { throw Failure.notWAV }
            try reader.skip(count: 4)
            guard try reader.readUInt32() == Tag.wave else { throw Failure.notWAV }
            var format: WAVFormat?
            while true {
                let tag = try reader.readUInt32()
                let length = Int(try reader.readUInt32().byteSwapped)
                if tag == Tag.data, let format {
                    return (format, reader.position..<reader.position + min(length, reader.remaining))
                }
                let chunk = try reader.readSpan(count: length)
                if tag == Tag.format { format = try WAVFormat(chunk) }
                if length % 2 == 1 { try reader.skip(count: 1) }
            }
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .notWAV
        }
    }

    private init(_ chunk: Span<UInt8>) throws(Failure) {
        var reader = ByteReader(chunk)
        do {
            let coding = try reader.readUInt16().byteSwapped
            channels = Int(try reader.readUInt16().byteSwapped)
            sampleRate = Int(try reader.readUInt32().byteSwapped)
            try reader.skip(count: 6)
            let bits = try reader.readUInt16().byteSwapped
            guard coding == Coding.pcm || coding == Coding.extensible, bits == 16, 1...2 ~= channels else {
                throw Failure.unsupported
            }
        } catch {
            throw .unsupported
        }
    }

    init(channels: Int, sampleRate: Int) {
        self.channels = channels
        self.sampleRate = sampleRate
    }

    /// The header of a file with `dataLength` bytes of samples.
    func header(dataLength: Int) -> [UInt8] {
        let frameLength = channels * 2
        var writer = ByteWriter(capacity: Self.headerLength)
        writer.write(Tag.riff)
        writer.write(UInt32(clamping: dataLength + Self.headerLength - 8).byteSwapped)
        writer.write(Tag.wave)
        writer.write(Tag.format)
        writer.write(UInt32(16).byteSwapped)
        writer.write(Coding.pcm.byteSwapped)
        writer.write(UInt16(channels).byteSwapped)
        writer.write(UInt32(sampleRate).byteSwapped)
        writer.write(UInt32(sampleRate * frameLength).byteSwapped)
        writer.write(UInt16(frameLength).byteSwapped)
        writer.write(UInt16(16).byteSwapped)
        writer.write(Tag.data)
        writer.write(UInt32(clamping: dataLength).byteSwapped)
        return writer.bytes
    }

    private enum Tag {
        static let riff: UInt32 = 0x5249_4646
        static let wave: UInt32 = 0x5741_5645
        static let format: UInt32 = 0x666D_7420
        static let data: UInt32 = 0x6461_7461
    }

    private enum Coding {
        static let pcm: UInt16 = 1
        static let extensible: UInt16 = 0xFFFE
    }
}
