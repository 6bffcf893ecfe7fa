import HTTPTypes

/// One extension of a `Sec-WebSocket-Extensions` field, offered or accepted, RFC 6455 §9.1.
package struct WebSocketExtension: Hashable, Sendable {
    package struct Parameter: Hashable, Sendable {
        package var name: String
        package var value: String?

        package init(_ name: String, _ value: String? = nil) {
            self.name = name
            self.value = value
        }
    }

    package var name: String
    package var parameters: [Parameter]

    package init(_ name: String, _ parameters: [Parameter] = []) {
        self.name = name
        self.parameters = parameters
    }

    /// The extensions of all field lines in their order, nil when one breaks the grammar.
    static func list(_ fields: HTTPFields) -> [WebSocketExtension]? {
        var extensions: [WebSocketExtension] = []
        for value in fields[values: .secWebSocketExtensions] {
            var parser = Parser(rest: Substring(value).utf8)
            guard let parsed = parser.list() else { return nil }
            extensions += parsed
        }
        return extensions
    }
}

extension WebSocketExtension: CustomStringConvertible {
    package var description: String {
        ([name] + parameters.map { parameter in parameter.name + (parameter.value.map { "=" + $0 } ?? "") })
            .joined(separator: "; ")
    }
}

/// The grammar of RFC 6455 §9.1 over that of RFC 9110 §5.6.
private struct Parser {
    var rest: Substring.UTF8View

    mutating func list() -> [WebSocketExtension]? {
        var extensions: [WebSocketExtension] = []
        skipSpace()
        while !rest.isEmpty {
            // RFC 9110 §5.6.1.2 has a recipient ignore empty elements.
            if !take(",") {
                guard let parsed = parameterized() else { return nil }
                extensions.append(parsed)
                guard rest.isEmpty || take(",") else { return nil }
            }
            skipSpace()
        }
        return extensions
    }

    private mutating func parameterized() -> WebSocketExtension? {
        guard let name = token() else { return nil }
        var parsed = WebSocketExtension(name)
        skipSpace()
        while take(";") {
            skipSpace()
            guard let name = token() else { return nil }
            skipSpace()
            var parameter = WebSocketExtension.Parameter(name)
            if take("=") {
                skipSpace()
                guard let value = rest.first == UInt8(ascii: "\"") ? quoted() : token() else { return nil }
                parameter.value = value
                skipSpace()
            }
            parsed.parameters.append(parameter)
        }
        return parsed
    }

    private mutating func token() -> String? {
        let token = rest.prefix(while: Self.isTokenByte)
        guard !token.isEmpty else { return nil }
        rest = rest[token.endIndex...]
        return String(Substring(token))
    }

    /// A quoted string, whose value must be a token as well.
    private mutating func quoted() -> String? {
        var bytes: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "\""):
                return !bytes.isEmpty && bytes.allSatisfy(Self.isTokenByte)
                    ? String(decoding: bytes, as: UTF8.self) : nil
            case UInt8(ascii: "\\"):
                guard let escaped = rest.popFirst() else { return nil }
                bytes.append(escaped)
            default:
                bytes.append(byte)
            }
        }
        return nil
    }

    private mutating func take(_ delimiter: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: delimiter) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func skipSpace() {
        rest = rest.drop { $0 == 0x20 || $0 == 0x09 }
    }

    /// The `tchar` of RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
