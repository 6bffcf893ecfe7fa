import Wire

extension Trace {
    /// The message with each secret replaced by as many `x`, so that lengths stay true.
    ///
    /// Secret are the proofs of digest credentials, credentials of any other scheme, and the keys of an audio path
    /// (`ice-pwd`, RFC 8839 §5.4, `crypto`, RFC 4568, and `k=`, RFC 4566 §5.12): whoever has them can guess the password or
    /// listen in. A body is read like a head, for it may hold a message of its own.
    static func masked(_ message: [UInt8]) -> [UInt8] {
        var bytes = message
        var start = 0
        while start < bytes.count {
            var end = bytes.endOfLine(from: start)
            if !bytes[start..<end].allSatisfy({ $0.isSpace }) {
                while end < bytes.count, bytes[end].isWhitespace { end = bytes.endOfLine(from: end) }
            }
            if let value = bytes.value(in: start..<end, named: [UInt8].credentialFields) {
                bytes.maskCredentials(in: value)
            } else if let value = bytes.value(in: start..<end, named: [UInt8].mediaKeys) {
                bytes.mask(value)
            }
            start = end
        }
        return bytes
    }
}

extension [UInt8] {
    fileprivate static let credentialFields = ["authorization", "proxy-authorization", "authentication-info"]
    private static let proofs = ["response", "rspauth"]
    fileprivate static let mediaKeys = ["a=ice-pwd", "a=crypto", "k=clear", "k=base64", "k=uri"]

    /// Behind the line feed, or the end of the message.
    fileprivate func endOfLine(from start: Int) -> Int {
        self[start...].firstIndex(of: .lineFeed).map { $0 + 1 } ?? count
    }

    /// What stands behind the colon if one of the names stands before it.
    fileprivate func value(in line: Range<Int>, named names: [String]) -> Range<Int>? {
        guard let colon = self[line].firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = String(decoding: self[line.lowerBound..<colon], as: UTF8.self).lowercased()
        guard names.contains(String(name.prefix { $0 != " " && $0 != "\t" })) else { return nil }
        return (colon + 1)..<line.upperBound
    }

    fileprivate mutating func maskCredentials(in value: Range<Int>) {
        let scheme = self[value].drop { $0.isSpace }.prefix { !$0.isSpace && $0 != UInt8(ascii: "=") }
        let isDigest = String(decoding: scheme, as: UTF8.self).lowercased() == "digest"
        // Authentication-Info has no scheme.
        let hasScheme = scheme.endIndex < value.upperBound && self[scheme.endIndex].isSpace
        guard isDigest || !hasScheme else { return mask(scheme.endIndex..<value.upperBound) }
        var position = value.lowerBound
        while position < value.upperBound {
            let word = self[position..<value.upperBound].drop { !$0.isTokenCharacter }.prefix { $0.isTokenCharacter }
            let rest = self[word.endIndex..<value.upperBound].drop { $0.isSpace }
            guard rest.first == UInt8(ascii: "=") else {
                guard !word.isEmpty else { return }
                position = word.endIndex
                continue
            }
            guard let parameter = parameterValue(in: (rest.startIndex + 1)..<value.upperBound) else {
                return mask(position..<value.upperBound)
            }
            if Self.proofs.contains(String(decoding: word, as: UTF8.self).lowercased()) { mask(parameter) }
            position = parameter.upperBound
        }
    }

    /// A token or what stands between quotation marks; nil when they do not end.
    private func parameterValue(in range: Range<Int>) -> Range<Int>? {
        let value = self[range].drop { $0.isSpace }
        guard value.first == UInt8(ascii: "\"") else {
            return value.startIndex..<value.prefix { $0 != UInt8(ascii: ",") && !$0.isSpace }.endIndex
        }
        var end = value.startIndex + 1
        while end < range.upperBound, self[end] != UInt8(ascii: "\"") {
            end += self[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        return end < range.upperBound ? (value.startIndex + 1)..<end : nil
    }

    fileprivate mutating func mask(_ range: Range<Int>) {
        for index in range where !self[index].isSpace { self[index] = UInt8(ascii: "x") }
    }
}

extension UInt8 {
    /// What may stand between the parts of a folded field.
    fileprivate var isSpace: Bool { isWhitespace || self == .carriageReturn || self == .lineFeed }
}
