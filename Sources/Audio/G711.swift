/// The companding laws of ITU-T G.711.
package enum G711: Sendable, Hashable {
    case muLaw
    case aLaw

    /// What each of the 256 octets stands for.
    var expansion: [Int16] {
        switch self {
        case .muLaw: Self.muLawExpansion
        case .aLaw: Self.aLawExpansion
        }
    }

    /// What each sample becomes, beginning with the lowest; those that differ in their last ``droppedBits`` only are one.
    var compression: [UInt8] {
        switch self {
        case .muLaw: Self.muLawCompression
        case .aLaw: Self.aLawCompression
        }
    }

    var droppedBits: Int {
        switch self {
        case .muLaw: 2
        case .aLaw: 4
        }
    }

    private static let muLawBias: Int32 = 0x84
    private static let muLawExpansion = (0...255).map { muLawExpanded(UInt8($0)) }
    private static let aLawExpansion = (0...255).map { aLawExpanded(UInt8($0)) }
    private static let muLawCompression = muLaw.makeCompression()
    private static let aLawCompression = aLaw.makeCompression()

    private func makeCompression() -> [UInt8] {
        stride(from: Int(Int16.min), through: Int(Int16.max), by: 1 << droppedBits).map { compressed(Int16($0)) }
    }

    func compressed(_ sample: Int16) -> UInt8 {
        switch self {
        case .muLaw: Self.muLawCompressed(sample)
        case .aLaw: Self.aLawCompressed(sample)
        }
    }

    /// Table 2a: sign, three bits of segment, four of step, all inverted.
    private static func muLawExpanded(_ octet: UInt8) -> Int16 {
        let bits = ~octet
        let segment = Int32(bits >> 4 & 7)
        let step = Int32(bits & 0x0F)
        let magnitude = (step << 3 + muLawBias) << segment - muLawBias
        return Int16(bits & 0x80 == 0 ? magnitude : -magnitude)
    }

    private static func muLawCompressed(_ sample: Int16) -> UInt8 {
        let magnitude = min(magnitude(of: sample), 32_635) + muLawBias
        let segment = Int32(31 - 7 - magnitude.leadingZeroBitCount)
        let step = magnitude >> (segment + 3) & 0x0F
        let sign: Int32 = sample < 0 ? 0x80 : 0
        return ~UInt8(truncatingIfNeeded: sign | segment << 4 | step)
    }

    /// Table 1a: sign, three bits of segment, four of step, every other bit inverted.
    private static func aLawExpanded(_ octet: UInt8) -> Int16 {
        let bits = octet ^ 0x55
        let segment = Int32(bits >> 4 & 7)
        let step = Int32(bits & 0x0F) << 4 + 8
        let magnitude = segment == 0 ? step : (step + 0x100) << (segment - 1)
        return Int16(bits & 0x80 != 0 ? magnitude : -magnitude)
    }

    private static func aLawCompressed(_ sample: Int16) -> UInt8 {
        let magnitude = magnitude(of: sample)
        let segment = max(0, Int32(32 - 8 - magnitude.leadingZeroBitCount))
        let step = magnitude >> max(4, segment + 3) & 0x0F
        let sign: Int32 = sample >= 0 ? 0x80 : 0
        return UInt8(truncatingIfNeeded: sign | segment << 4 | step) ^ 0x55
    }

    /// In ones' complement, as ITU-T G.191's reference does, so that the smallest steps are alike on both sides of zero.
    private static func magnitude(of sample: Int16) -> Int32 {
        Int32(sample >= 0 ? sample : ~sample)
    }
}
