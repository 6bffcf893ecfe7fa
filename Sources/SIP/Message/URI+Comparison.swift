import Wire

extension URI {
    /// Whether both mean the same resource (RFC 3261 §19.1.4).
    ///
    /// A transport in one of them alone counts, as in that section's examples. URIs of other schemes are compared as
    /// they are written.
    package func isEquivalent(to other: URI) -> Bool {
        guard scheme == other.scheme, scheme == .sip || scheme == .sips else { return self == other }
        return user.map(\.withoutNeedlessEscapes) == other.user.map(\.withoutNeedlessEscapes)
            && password.map(\.withoutNeedlessEscapes) == other.password.map(\.withoutNeedlessEscapes)
            && host.lowercased() == other.host.lowercased() && port == other.port
            && parameters.agree(with: other.parameters) && other.parameters.agree(with: parameters)
            && headerFields == other.headerFields
    }

    /// The `name=value` parts behind the question mark, whose order does not count.
    private var headerFields: [String] {
        (headers ?? "").split(separator: "&").map { field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? String(parts[1]).withoutNeedlessEscapes : ""
            return String(parts[0]).withoutNeedlessEscapes.lowercased() + "=" + value
        }.sorted()
    }
}

extension Parameters {
    /// Whether the first of each name is the same in the others, or is one that may be missing there.
    fileprivate func agree(with other: Parameters) -> Bool {
        let others = other.values
        return values.allSatisfy { name, value in
            guard let its = others[name] else {
                return !["user", "ttl", "method", "maddr", "transport"].contains(name)
            }
            return value == its
        }
    }

    private var values: [String: String?] {
        let pairs = all.map { ($0.name.lowercased(), $0.value?.withoutNeedlessEscapes.lowercased()) }
        return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    }
}

extension String {
    /// The text with everything unescaped that means the same escaped: all but RFC 2396's `reserved`.
    var withoutNeedlessEscapes: String {
        let bytes = Array(utf8)
        var plain: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), let byte = bytes.escapedByte(at: index) {
                let isReserved = ";/?:@&=+$,%".utf8.contains(byte)
                plain += isReserved ? bytes[index..<index + 3].map(\.uppercased) : [byte]
                index += 3
            } else {
                plain.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: plain, as: UTF8.self)
    }
}

extension UInt8 {
    fileprivate var uppercased: UInt8 { 0x61...0x7A ~= self ? self & ~0x20 : self }
}

extension [UInt8] {
    fileprivate func escapedByte(at index: Int) -> UInt8? {
        guard index + 2 < count, self[index + 1].isHexDigit, self[index + 2].isHexDigit else { return nil }
        return UInt8(String(decoding: self[index + 1...index + 2], as: UTF8.self), radix: 16)
    }
}
