import Wire

/// The `;name=value` parameters of a URI or of a header value, in order; names are compared without letter case.
package struct Parameters: Sendable {
    package struct Parameter: Sendable, Equatable {
        package var name: String
        /// As it stands in the message, quotes included; nil for a flag such as `lr`.
        package var value: String?

        package init(_ name: String, _ value: String? = nil) {
            self.name = name
            self.value = value
        }
    }

    let bytes: [UInt8]
    /// All of them as they stand, from the first semicolon on.
    let slice: Slice

    /// What was found well-formed in a message.
    init(_ bytes: [UInt8], _ slice: Slice) {
        self.bytes = bytes
        self.slice = slice
    }

    package init(_ all: [Parameter] = []) {
        var bytes: [UInt8] = []
        for parameter in all {
            bytes.append(onOneLine: ";\(parameter.name)")
            if let value = parameter.value { bytes.append(onOneLine: "=\(value)") }
        }
        self.init(bytes, Slice(0, bytes.count))
    }

    package var all: [Parameter] {
        var all: [Parameter] = []
        var position = slice.start
        while let piece = piece(at: position) {
            all.append(Parameter(bytes.text(piece.name), piece.value.map { bytes.text($0) }))
            position = piece.whole.end
        }
        return all
    }

    /// The value of the first parameter of that name, without its quotes; setting nil takes the parameter away.
    package subscript(name: String) -> String? {
        get { find(name)?.value.map { bytes.text($0).unquoted } }
        set { replace(name, with: newValue.map { ";\(name)=\($0.asParameterValue)" } ?? "") }
    }

    /// Whether a parameter of that name is there, with a value or without.
    package func contains(_ name: String) -> Bool { find(name) != nil }

    /// Adds a parameter without a value unless it is there.
    package mutating func insertFlag(_ name: String) {
        if !contains(name) { replace(name, with: ";\(name)") }
    }

    private struct Piece {
        var name: Slice
        var value: Slice?
        /// From the semicolon on.
        var whole: Slice
    }

    private func find(_ name: String) -> Piece? {
        var position = slice.start
        while let piece = piece(at: position) {
            if bytes.matches(piece.name, name) { return piece }
            position = piece.whole.end
        }
        return nil
    }

    /// The parameter that begins there; all of them are well-formed.
    private func piece(at start: Int) -> Piece? {
        var lexer = Lexer(bytes.span, start..<slice.end)
        guard lexer.take(";") else { return nil }
        let name = lexer.slice { !$0.isWhitespace && $0 != UInt8(ascii: ";") && $0 != UInt8(ascii: "=") }
        guard lexer.take("=") else { return Piece(name: name, whole: Slice(start, lexer.position)) }
        let quoted = lexer.next == UInt8(ascii: "\"") ? try? lexer.quotedSlice() : nil
        let value = quoted ?? lexer.slice { !$0.isWhitespace && $0 != UInt8(ascii: ";") }
        return Piece(name: name, value: value, whole: Slice(start, lexer.position))
    }

    /// Puts a text where the first parameter of that name is, or at the end.
    private mutating func replace(_ name: String, with text: String) {
        let old = find(name)?.whole ?? Slice(slice.end, slice.end)
        var changed: [UInt8] = []
        changed.append(Slice(slice.start, old.start), of: bytes)
        changed.append(onOneLine: text)
        changed.append(Slice(old.end, slice.end), of: bytes)
        self = Parameters(changed, Slice(0, changed.count))
    }
}

extension Parameters: Equatable {
    package static func == (left: Parameters, right: Parameters) -> Bool {
        left.bytes.isEqual(left.slice, to: right.slice, of: right.bytes) || left.all == right.all
    }
}

extension Parameters: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String?)...) {
        self.init(elements.map { Parameter($0, $1?.asParameterValue) })
    }
}

extension Parameters: CustomStringConvertible {
    package var description: String { bytes.text(slice) }
}

extension Lexer {
    /// Takes every `;name=value` that comes next in a header value (`generic-param`, RFC 3261 §25.1).
    mutating func takeParameters() throws(Malformed) -> Slice {
        var parameters = Slice(position, position)
        while take(";") {
            guard tokenSlice() != nil else { throw .parameter }
            if take("=") {
                let isQuoted = next == UInt8(ascii: "\"")
                let value = isQuoted ? try quotedSlice() : slice(while: \.isParameterCharacter)
                guard !value.isEmpty else { throw .parameter }
            }
            parameters = Slice(parameters.start, position)
        }
        return bytes.trimmed(parameters)
    }

    /// Takes the `;name=value` of a URI, up to a question mark or the end (`uri-parameter`, RFC 3261 §25.1).
    mutating func takeURIParameters() throws(Malformed) -> Slice {
        let start = position
        while takeJust(UInt8(ascii: ";")) {
            let name = slice { $0.isURIParameterCharacter && $0 != UInt8(ascii: "=") }
            guard !name.isEmpty else { throw .parameter }
            skip(while: \.isURIParameterCharacter)
        }
        return Slice(start, position)
    }
}

extension UInt8 {
    fileprivate var isURIParameterCharacter: Bool {
        isURICharacter && self != UInt8(ascii: ";") && self != UInt8(ascii: "?")
    }

    /// What stands unquoted in the value of a header parameter: a token, a host, an address.
    fileprivate var isParameterCharacter: Bool {
        switch self {
        case 0x20, 0x09, UInt8(ascii: ";"), UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"):
            false
        default: true
        }
    }
}

extension String {
    fileprivate var asParameterValue: String {
        !isEmpty && utf8.allSatisfy { $0.isTokenCharacter || "[]:/@".utf8.contains($0) } ? self : quoted
    }
}
