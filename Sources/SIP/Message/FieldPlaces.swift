/// Where the fields are that a message keeps apart.
struct FieldPlaces {
    private var values: [8 of Slice] = .init(repeating: .none)
    private var found: UInt8 = 0
    private var repeated: UInt8 = 0

    init(_ entries: borrowing [Headers.Entry]) {
        for index in 0..<entries.count where entries[index].kind != .other {
            let entry = entries[index]
            if has(entry.kind) { repeated |= entry.kind.mask }
            found |= entry.kind.mask
            values[Int(entry.kind.rawValue)] = entry.value
        }
    }

    func has(_ kind: Headers.Kind) -> Bool { found & kind.mask != 0 }

    /// The only value of that kind.
    func single(_ kind: Headers.Kind) throws(Malformed) -> Slice {
        guard has(kind) else { throw .missing(kind.name) }
        guard repeated & kind.mask == 0 else { throw .repeated(kind.name) }
        return values[Int(kind.rawValue)]
    }
}

extension Headers.Kind {
    init(_ name: Slice, of bytes: Span<UInt8>) {
        @inline(__always) func isName(_ text: StaticString) -> Bool { bytes.matches(name, lowercase: text) }
        self =
            switch name.count {
            case 1: Self(compact: bytes[name.start].lowercased)
            case 2 where isName("to"): .to
            case 3 where isName("via"): .via
            case 4 where isName("from"): .from
            case 4 where isName("cseq"): .cSeq
            case 7 where isName("call-id"): .callID
            case 12 where isName("max-forwards"): .maxForwards
            case 14 where isName("content-length"): .contentLength
            default: .other
            }
    }

    private init(compact letter: UInt8) {
        self =
            switch letter {
            case UInt8(ascii: "f"): .from
            case UInt8(ascii: "i"): .callID
            case UInt8(ascii: "l"): .contentLength
            case UInt8(ascii: "t"): .to
            case UInt8(ascii: "v"): .via
            default: .other
            }
    }

    fileprivate var mask: UInt8 { 1 << rawValue }

    fileprivate var name: HeaderName {
        switch self {
        case .via: .via
        case .from: .from
        case .to: .to
        case .callID: .callID
        case .cSeq: .cSeq
        case .maxForwards: .maxForwards
        case .contentLength, .other: .contentLength
        }
    }
}
