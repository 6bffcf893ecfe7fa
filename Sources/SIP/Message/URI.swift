import Wire

/// A SIP or SIPS URI in its parts (RFC 3261 §19.1), or the URI of another scheme as opaque text.
///
/// User, parameters and headers stay as they are written, escapes included. It keeps the bytes of the message it was
/// read from, and makes texts of its parts when they are asked for.
package struct URI: Sendable {
    package enum Scheme: Sendable, Equatable { case sip, sips, other(String) }

    /// Where the parts are; what is not there is empty.
    struct Layout: Sendable {
        enum Kind: Sendable { case sip, sips, other }

        var kind: Kind
        var whole: Slice
        var scheme: Slice
        var user = Slice.none
        var password = Slice.none
        /// Of another scheme everything behind the colon.
        var host: Slice
        var port: UInt16?
        var parameters = Slice.none
        var headers = Slice.none
    }

    let bytes: [UInt8]
    let layout: Layout

    init(_ bytes: [UInt8], _ layout: Layout) {
        self.bytes = bytes
        self.layout = layout
    }

    /// Whatever the user part may not hold is escaped.
    package init(
        scheme: Scheme = .sip, user: String? = nil, host: String, port: UInt16? = nil,
        parameters: Parameters = Parameters()
    ) {
        self.init(
            scheme: scheme, user: user?.escapedAsUser, password: nil, host: host, port: port, parameters: parameters,
            headers: nil)
    }

    private init(
        scheme: Scheme, user: String?, password: String?, host: String, port: UInt16?, parameters: Parameters,
        headers: String?
    ) {
        var written: [UInt8] = []
        func write(_ text: String) -> Slice {
            let start = written.count
            written.append(onOneLine: text)
            return Slice(start, written.count)
        }
        let kind: Layout.Kind
        let name: String
        switch scheme {
        case .sip: (kind, name) = (.sip, "sip")
        case .sips: (kind, name) = (.sips, "sips")
        case .other(let other): (kind, name) = (.other, other)
        }
        var layout = Layout(kind: kind, whole: .none, scheme: write(name), host: .none)
        written.append(UInt8(ascii: ":"))
        if let user {
            layout.user = write(user)
            if let password {
                written.append(UInt8(ascii: ":"))
                layout.password = write(password)
            }
            written.append(UInt8(ascii: "@"))
        }
        layout.host = write(host)
        layout.port = port
        if let port { written.append(onOneLine: ":\(port)") }
        layout.parameters = write(parameters.description)
        if let headers {
            written.append(UInt8(ascii: "?"))
            layout.headers = write(headers)
        }
        layout.whole = Slice(0, written.count)
        self.init(written, layout)
    }

    package init(parsing text: String) throws(Malformed) {
        let bytes = [UInt8](onOneLine: text)
        self.init(bytes, try Layout(of: Slice(0, bytes.count), in: bytes.span))
    }

    package var scheme: Scheme {
        switch layout.kind {
        case .sip: .sip
        case .sips: .sips
        case .other: .other(bytes.text(layout.scheme))
        }
    }

    package var user: String? { text(layout.user) }
    package var password: String? { text(layout.password) }

    /// A host name or address; an IPv6 address has its brackets. Empty when the scheme is another one.
    package var host: String { layout.kind == .other ? "" : bytes.text(layout.host) }
    package var port: UInt16? { layout.port }

    package var parameters: Parameters {
        get { Parameters(bytes, layout.parameters) }
        set { rewrite(parameters: newValue, headers: headers) }
    }

    /// What stands behind the question mark, undivided.
    package var headers: String? {
        get { text(layout.headers) }
        set { rewrite(parameters: parameters, headers: newValue) }
    }

    /// Everything behind the colon when the scheme is another one.
    package var opaquePart: String? { layout.kind == .other ? bytes.text(layout.host) : nil }

    private func text(_ slice: Slice) -> String? {
        slice.isEmpty ? nil : bytes.text(slice)
    }

    private mutating func rewrite(parameters: Parameters, headers: String?) {
        guard layout.kind != .other else { return }
        self = URI(
            scheme: scheme, user: user, password: password, host: host, port: port, parameters: parameters,
            headers: headers)
    }
}

extension URI: Equatable {
    /// Whether they are written the same, letter case of the scheme and of parameter names aside.
    package static func == (left: URI, right: URI) -> Bool {
        func same(_ part: KeyPath<Layout, Slice>) -> Bool {
            left.bytes.isEqual(left.layout[keyPath: part], to: right.layout[keyPath: part], of: right.bytes)
        }
        return left.scheme == right.scheme && left.port == right.port && same(\.user) && same(\.password)
            && same(\.host) && same(\.headers) && left.parameters == right.parameters
    }
}

extension URI: CustomStringConvertible {
    package var description: String { bytes.text(layout.whole) }

    /// What a Via or a URI names as the place: `host` or `host:port`.
    package var hostAndPort: String { port.map { "\(host):\($0)" } ?? host }
}

extension URI.Layout {
    /// Finds the parts of a text that is a URI and nothing else.
    init(of whole: Slice, in bytes: Span<UInt8>) throws(Malformed) {
        var lexer = Lexer(bytes, whole.range)
        guard let scheme = lexer.tokenSlice(), lexer.takeJust(UInt8(ascii: ":")), !lexer.isAtEnd else { throw .uri }
        let start = lexer.position
        guard let kind = Kind(scheme, in: bytes) else {
            lexer.skip(while: \.isURICharacter)
            guard lexer.isAtEnd else { throw .uri }
            self.init(kind: .other, whole: whole, scheme: scheme, host: Slice(start, whole.end))
            return
        }
        let beforeAt = lexer.slice { $0.isURICharacter && $0 != UInt8(ascii: "@") }
        let hasUser = lexer.takeJust(UInt8(ascii: "@"))
        if !hasUser { lexer.position = start }
        let (host, port) = try lexer.takeHostAndPort()
        self.init(kind: kind, whole: whole, scheme: scheme, host: host, port: port)
        if hasUser { try divide(beforeAt, of: bytes) }
        parameters = try lexer.takeURIParameters()
        guard lexer.takeJust(UInt8(ascii: "?")) else {
            guard lexer.isAtEnd else { throw .uri }
            return
        }
        headers = lexer.slice(while: \.isURICharacter)
        guard !headers.isEmpty, lexer.isAtEnd else { throw .uri }
    }

    private mutating func divide(_ userInfo: Slice, of bytes: Span<UInt8>) throws(Malformed) {
        var lexer = Lexer(bytes, userInfo.range)
        user = lexer.slice { $0 != UInt8(ascii: ":") }
        guard !user.isEmpty else { throw .uri }
        if lexer.takeJust(UInt8(ascii: ":")) { password = Slice(lexer.position, userInfo.end) }
    }
}

extension URI.Layout {
    /// The same in other bytes, that many places further on.
    func moved(by offset: Int) -> URI.Layout {
        var moved = self
        moved.whole = whole.moved(by: offset)
        moved.scheme = scheme.moved(by: offset)
        moved.user = user.moved(by: offset)
        moved.password = password.moved(by: offset)
        moved.host = host.moved(by: offset)
        moved.parameters = parameters.moved(by: offset)
        moved.headers = headers.moved(by: offset)
        return moved
    }
}

extension URI.Layout.Kind {
    fileprivate init?(_ scheme: Slice, in bytes: Span<UInt8>) {
        if bytes.matches(scheme, lowercase: "sip") {
            self = .sip
        } else if bytes.matches(scheme, lowercase: "sips") {
            self = .sips
        } else {
            return nil
        }
    }
}

extension Lexer {
    /// `hostport` of RFC 3261 §25.1; a `sent-by` may have blanks around the colon, where a URI would become another one.
    mutating func takeHostAndPort(withBlanks: Bool = false) throws(Malformed) -> (host: Slice, port: UInt16?) {
        let start = position
        if takeJust(UInt8(ascii: "[")) {
            skip { $0.isHexDigit || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".") }
            guard takeJust(UInt8(ascii: "]")) else { throw .uri }
        } else {
            skip(while: \.isHostCharacter)
        }
        let host = Slice(start, position)
        guard !host.isEmpty else { throw .uri }
        guard withBlanks ? take(":") : takeJust(UInt8(ascii: ":")) else { return (host, nil) }
        guard let number = takeNumber(), let port = UInt16(exactly: number) else { throw .uri }
        return (host, port)
    }
}

extension UInt8 {
    /// `unreserved` and `user-unreserved` of RFC 3261 §25.1.
    fileprivate var isUserCharacter: Bool { isAlphanumeric || "-_.!~*'()&=+$,;?/".utf8.contains(self) }
}

extension String {
    /// The text with what may not stand in the user part escaped; escapes that are there stay.
    fileprivate var escapedAsUser: String {
        let bytes = Array(utf8)
        var escaped = ""
        for (index, byte) in bytes.enumerated() {
            let digits = bytes.dropFirst(index + 1).prefix(2)
            let isEscape = byte == UInt8(ascii: "%") && digits.count == 2 && digits.allSatisfy(\.isHexDigit)
            if byte.isUserCharacter || isEscape {
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                escaped += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return escaped
    }
}
