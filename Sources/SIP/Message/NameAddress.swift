import Wire

/// A display name, a URI and header parameters: the value of From, To, Contact, Route (RFC 3261 §20.10).
///
/// What was read is written as it stood.
package struct NameAddress: Sendable {
    struct Layout: Sendable {
        var whole: Slice
        /// With its quotes; empty if there is none.
        var displayName: Slice
        var uri: URI.Layout
        /// What the value ends with.
        var parameters: Slice
    }

    let bytes: [UInt8]
    let layout: Layout

    init(_ bytes: [UInt8], _ layout: Layout) {
        self.bytes = bytes
        self.layout = layout
    }

    package init(_ uri: URI, displayName: String? = nil, parameters: Parameters = Parameters()) {
        var written: [UInt8] = []
        if let displayName { written.append(onOneLine: displayName.quoted) }
        let name = Slice(0, written.count)
        written.append(literal: name.isEmpty ? "<" : " <")
        let place = uri.layout.moved(by: written.count - uri.layout.whole.start)
        written.append(uri.layout.whole, of: uri.bytes)
        written.append(literal: ">")
        let end = Slice(written.count, written.count + parameters.slice.count)
        written.append(parameters.slice, of: parameters.bytes)
        self.init(written, Layout(whole: Slice(0, end.end), displayName: name, uri: place, parameters: end))
    }

    package init(parsing text: String) throws(Malformed) {
        let bytes = [UInt8](onOneLine: text)
        self.init(bytes, try Layout(of: Slice(0, bytes.count), in: bytes.span))
    }

    /// The addresses of a comma-separated value.
    package static func list(parsing text: String) throws(Malformed) -> [NameAddress] {
        let bytes = [UInt8](onOneLine: text)
        return try list(bytes, parsing: Slice(0, bytes.count))
    }

    static func list(_ bytes: [UInt8], parsing value: Slice) throws(Malformed) -> [NameAddress] {
        var lexer = Lexer(bytes.span, value.range)
        var addresses = [NameAddress(bytes, try lexer.takeNameAddress())]
        while lexer.take(",") { addresses.append(NameAddress(bytes, try lexer.takeNameAddress())) }
        guard lexer.isAtEnd else { throw .address }
        return addresses
    }

    package var displayName: String? {
        get { layout.displayName.isEmpty ? nil : bytes.text(layout.displayName).unquoted }
        set { self = NameAddress(uri, displayName: newValue, parameters: parameters) }
    }

    package var uri: URI { URI(bytes, layout.uri) }

    package var parameters: Parameters {
        get { Parameters(bytes, layout.parameters) }
        set {
            var written: [UInt8] = []
            written.append(Slice(layout.whole.start, layout.parameters.start), of: bytes)
            let end = Slice(written.count, written.count + newValue.slice.count)
            written.append(newValue.slice, of: newValue.bytes)
            var place = layout.moved(by: -layout.whole.start)
            place.whole = Slice(0, end.end)
            place.parameters = end
            self = NameAddress(written, place)
        }
    }

    package var tag: String? {
        get { parameters["tag"] }
        set { parameters["tag"] = newValue }
    }
}

extension NameAddress.Layout {
    /// Finds the parts of a value that is one address.
    init(of value: Slice, in bytes: Span<UInt8>) throws(Malformed) {
        var lexer = Lexer(bytes, value.range)
        self = try lexer.takeNameAddress()
        guard lexer.isAtEnd else { throw .address }
    }

    /// The same in other bytes, that many places further on.
    func moved(by offset: Int) -> NameAddress.Layout {
        NameAddress.Layout(
            whole: whole.moved(by: offset), displayName: displayName.moved(by: offset), uri: uri.moved(by: offset),
            parameters: parameters.moved(by: offset))
    }
}

extension NameAddress: Equatable {
    /// Whether display name, URI and parameters are the same, however they are written.
    package static func == (left: NameAddress, right: NameAddress) -> Bool {
        left.bytes.isEqual(left.layout.whole, to: right.layout.whole, of: right.bytes)
            || left.displayName == right.displayName && left.uri == right.uri && left.parameters == right.parameters
    }
}

extension NameAddress: CustomStringConvertible {
    package var description: String { bytes.text(layout.whole) }
}

extension Lexer {
    /// Takes a `name-addr` or `addr-spec` with its parameters, and the whitespace behind it.
    fileprivate mutating func takeNameAddress() throws(Malformed) -> NameAddress.Layout {
        skipWhitespace()
        let start = position
        let name: Slice
        let uri: Slice
        if next == UInt8(ascii: "\"") {
            name = try quotedSlice()
            uri = try takeBracketedURI()
        } else if tokenSlice() != nil, next == UInt8(ascii: ":") {
            name = Slice(start, start)
            uri = try takeBareURI(from: start)
        } else {
            skip { $0.isTokenCharacter || $0.isWhitespace || $0 >= 0x80 }
            name = bytes.trimmed(Slice(start, position))
            uri = try takeBracketedURI()
        }
        let place = try URI.Layout(of: uri, in: bytes)
        let parameters = try takeParameters()
        skipWhitespace()
        return NameAddress.Layout(
            whole: Slice(start, parameters.end), displayName: name, uri: place, parameters: parameters)
    }

    private mutating func takeBracketedURI() throws(Malformed) -> Slice {
        skipWhitespace()
        guard takeJust(UInt8(ascii: "<")) else { throw .address }
        let uri = slice { $0 != UInt8(ascii: ">") }
        guard takeJust(UInt8(ascii: ">")) else { throw .address }
        return uri
    }

    /// A URI without brackets, which cannot hold a comma, a question mark or a semicolon (RFC 3261 §20).
    private mutating func takeBareURI(from start: Int) throws(Malformed) -> Slice {
        skip(while: \.isBareURICharacter)
        guard next != UInt8(ascii: "?") else { throw .address }
        return Slice(start, position)
    }
}

extension UInt8 {
    fileprivate var isBareURICharacter: Bool {
        switch self {
        case 0x20, 0x09, UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "<"), UInt8(ascii: "?"): false
        default: true
        }
    }
}
