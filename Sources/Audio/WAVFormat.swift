import Wire

/// The part of a RIFF WAVE file that says how its samples are to be read.
struct WAVFormat: Sendable, Hashable {
    enum Failure: Error { case notWAV, unsupported }

    /// How a sample is written.
    enum Samples: Sendable, Hashable {
        case unsigned8, signed16, signed24, signed32, float32
        case companded(G711)

        var octets: Int {
            switch self {
            case .unsigned8, .companded: 1
            case .signed16: 2
            case .signed24: 3
            case .signed32, .float32: 4
            }
        }
    }

    private static let mostChannels = 8

    var samples = Samples.signed16
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
            var coding = try reader.readUInt16().byteSwapped
            channels = Int(try reader.readUInt16().byteSwapped)
            sampleRate = Int(try reader.readUInt32().byteSwapped)
            try reader.skip(count: 6)
            let bits = try reader.readUInt16().byteSwapped
            if coding == Coding.extensible {
                // Its length, the bits in use and the places of the channels; then the coding begins a GUID.
                try reader.skip(count: 8)
                coding = try reader.readUInt16().byteSwapped
            }
            guard let samples = Samples(coding, bits: bits), 1...Self.mostChannels ~= channels else {
                throw Failure.unsupported
            }
            self.samples = samples
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
        writer.write(Coding.integer.byteSwapped)
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

    fileprivate enum Coding {
        static let integer: UInt16 = 1
        static let float: UInt16 = 3
        static let aLaw: UInt16 = 6
        static let muLaw: UInt16 = 7
        static let extensible: UInt16 = 0xFFFE
    }
}

extension WAVFormat.Samples {
    fileprivate init?(_ coding: UInt16, bits: UInt16) {
        switch (coding, bits) {
        case (WAVFormat.Coding.integer, 8): self = .unsigned8
        case (WAVFormat.Coding.integer, 16): self = .signed16
        case (WAVFormat.Coding.integer, 24): self = .signed24
        case (WAVFormat.Coding.integer, 32): self = .signed32
        case (WAVFormat.Coding.float, 32): self = .float32
        case (WAVFormat.Coding.aLaw, 8): self = .companded(.aLaw)
        case (WAVFormat.Coding.muLaw, 8): self = .companded(.muLaw)
        default: return nil
        }
    }

    /// Hands each sample of `octets` over, those of a frame one after the other.
    func forEach(in octets: Span<UInt8>, _ body: (Int) -> Void) {
        let size = self.octets
        func sample(_ start: Int) -> UInt32 {
            (0..<size).reduce(0) { $0 | UInt32(octets[start + $1]) << (8 * $1) } << (32 - 8 * size)
        }
        let starts = stride(from: 0, through: octets.count - size, by: size)
        switch self {
        case .unsigned8: for start in starts { body((Int(octets[start]) - 128) << 8) }
        case .signed16, .signed24, .signed32:
            for start in starts { body(Int(Int32(bitPattern: sample(start)) >> 16)) }
        case .float32:
            for start in starts {
                let value = Float(bitPattern: sample(start))
                body(value.isNaN ? 0 : Int((max(-1, min(value, 1)) * 32_767).rounded()))
            }
        case .companded(let law):
            let expansion = law.expansion
            for start in starts { body(Int(expansion[Int(octets[start])])) }
        }
    }
}
