/// A SIP or SIPS URI in its parts (RFC 3261 §19.1), or the URI of another scheme as opaque text.
///
/// User, parameters and headers stay as they are written, escapes included.
package struct URI: Sendable, Hashable {
    package enum Scheme: Sendable, Hashable { case sip, sips, other(String) }

    package var scheme: Scheme
    package var user: String?
    package var password: String?
    /// A host name or address; an IPv6 address has its brackets.
    package var host: String
    package var port: UInt16?
    package var parameters: Parameters
    /// What stands behind the question mark, undivided.
    package var headers: String?
    /// Everything behind the colon when the scheme is another one; `host` is then empty.
    package var opaquePart: String?

    /// Whatever the user part may not hold is escaped.
    package init(
        scheme: Scheme = .sip, user: String? = nil, host: String, port: UInt16? = nil,
        parameters: Parameters = Parameters()
    ) {
        self.scheme = scheme
        self.user = user?.escapedAsUser
        self.host = host
        self.port = port
        self.parameters = parameters
    }

    package init(parsing text: String) throws(Malformed) {
        guard let colon = text.firstIndex(of: ":") else { throw .uri }
        guard text.utf8.allSatisfy(\.isURICharacter) else { throw .uri }
        let name = text[..<colon]
        let rest = text[text.index(after: colon)...]
        switch name.lowercased() {
        case "sip": try self.init(scheme: .sip, parsing: rest)
        case "sips": try self.init(scheme: .sips, parsing: rest)
        default:
            guard String(name).isToken, !rest.isEmpty else { throw .uri }
            self.init(scheme: .other(String(name)), host: "")
            opaquePart = String(rest)
        }
    }

    private init(scheme: Scheme, parsing text: Substring) throws(Malformed) {
        var rest = text
        self.init(scheme: scheme, host: "")
        if let at = rest.firstIndex(of: "@") {
            let userInfo = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let user = userInfo.first, !user.isEmpty else { throw .uri }
            self.user = String(user)
            password = userInfo.count == 2 ? String(userInfo[1]) : nil
            rest = rest[rest.index(after: at)...]
        }
        if let mark = rest.firstIndex(of: "?") {
            headers = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        if let semicolon = rest.firstIndex(of: ";") {
            parameters = try Parameters(ofURI: rest[rest.index(after: semicolon)...])
            rest = rest[..<semicolon]
        }
        var lexer = Lexer(String(rest))
        (host, port) = try lexer.takeHostAndPort()
        guard lexer.isAtEnd else { throw .uri }
    }
}

extension URI: CustomStringConvertible {
    package var description: String {
        if case .other(let name) = scheme { return "\(name):\(opaquePart ?? "")" }
        let secret = password.map { ":\($0)" } ?? ""
        let userInfo = user.map { "\($0)\(secret)@" } ?? ""
        let query = headers.map { "?\($0)" } ?? ""
        return "\(scheme == .sips ? "sips" : "sip"):\(userInfo)\(hostAndPort)\(parameters)\(query)"
    }

    /// What a Via or a URI names as the place: `host` or `host:port`.
    package var hostAndPort: String { port.map { "\(host):\($0)" } ?? host }
}

extension Lexer {
    /// `hostport` of RFC 3261 §25.1; underscores are let through, as host names inside networks have them.
    mutating func takeHostAndPort() throws(Malformed) -> (host: String, port: UInt16?) {
        let isReference = next == UInt8(ascii: "[")
        var host = takeWhile { isReference ? $0 != UInt8(ascii: "]") : $0.isHostCharacter }
        if isReference {
            guard host.utf8.dropFirst().allSatisfy({ $0.isHexDigit || ":.".utf8.contains($0) }), take("]") else {
                throw .uri
            }
            host += "]"
        }
        guard !host.isEmpty else { throw .uri }
        guard take(":") else { return (host, nil) }
        guard let number = takeNumber(), let port = UInt16(exactly: number) else { throw .uri }
        return (host, port)
    }
}

extension UInt8 {
    fileprivate var isHostCharacter: Bool { isAlphanumeric || "-._".utf8.contains(self) }

    /// Printable ASCII without what ends or quotes a URI.
    fileprivate var isURICharacter: Bool { 0x21...0x7E ~= self && !"<>\"\\^{|}".utf8.contains(self) }

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
