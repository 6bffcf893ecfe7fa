import HTTPTypes
import Wire

/// The request line of RFC 9112 §3: method, target, version.
struct RequestLine {
    enum Target {
        case origin(String)
        case absolute(scheme: String, authority: String, path: String)
        case authority(String)
    }

    let method: HTTPRequest.Method
    let target: Target
    let minorVersion: Int

    init(_ line: Span<UInt8>) throws(RequestParser.Failure) {
        guard let first = line.firstIndex(of: 0x20, from: 0), let second = line.firstIndex(of: 0x20, from: first + 1),
            let method = HTTPRequest.Method(token: line.extracting(0..<first))
        else { throw .malformed }
        self.method = method
        minorVersion = try Self.minorVersion(line.extracting((second + 1)..<line.count))
        guard let target = Self.target(line.extracting((first + 1)..<second), of: method) else { throw .malformed }
        self.target = target
    }

    private static func minorVersion(_ text: Span<UInt8>) throws(RequestParser.Failure) -> Int {
        guard text.count == 8, text.hasPrefix("HTTP/"), text[6] == 0x2E, (0x30...0x39).contains(text[5]),
            (0x30...0x39).contains(text[7])
        else { throw .malformed }
        guard text[5] == 0x31 else { throw .versionNotSupported }
        // A later minor version is read as the latest one known, RFC 9110 §2.5.
        return text[7] == 0x30 ? 0 : 1
    }

    private static func target(_ bytes: Span<UInt8>, of method: HTTPRequest.Method) -> Target? {
        for index in bytes.indices where bytes[index] <= 0x20 || bytes[index] >= 0x7F || bytes[index] == 0x23 {
            return nil
        }
        let text = String(bytes)
        if method == .connect {
            return Authority.isValid(text) && !text.isEmpty ? .authority(text) : nil
        }
        if bytes.hasPrefix("/") || text == "*" && method == .options {
            return .origin(text)
        }
        return absolute(text)
    }

    private static func absolute(_ text: String) -> Target? {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
        let scheme = text[..<colon].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        let rest = text[colon...].dropFirst(3)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.isEmpty, Authority.isValid(authority) else { return nil }
        let path = rest[authority.endIndex...]
        return .absolute(
            scheme: scheme, authority: String(authority), path: path.hasPrefix("/") ? String(path) : "/" + path)
    }
}

extension HTTPRequest.Method {
    private static let known = [get, post, head, options, put, delete, patch].map { (Array($0.rawValue.utf8), $0) }

    /// A method whose name, RFC 9110 §9.1, is a token.
    fileprivate init?(token: Span<UInt8>) {
        for (name, method) in Self.known where token.hasPrefix(name) && token.count == name.count {
            self = method
            return
        }
        self.init(String(token))
    }
}

extension Span<UInt8> {
    fileprivate func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        var index = start
        while index < count {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }

    fileprivate func hasPrefix(_ prefix: StaticString) -> Bool {
        guard count >= prefix.utf8CodeUnitCount else { return false }
        return (0..<prefix.utf8CodeUnitCount).allSatisfy { self[$0] == prefix.utf8Start[$0] }
    }

    fileprivate func hasPrefix(_ prefix: [UInt8]) -> Bool {
        guard count >= prefix.count else { return false }
        for index in prefix.indices where self[index] != prefix[index] { return false }
        return true
    }
}

/// `uri-host [ ":" port ]` of RFC 9110 §7.2; user information is not allowed.
enum Authority {
    static func isValid(_ text: some StringProtocol) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "-._~%!$&'()*+,;=:[]".utf8.contains(byte)
            }
        }
    }
}
