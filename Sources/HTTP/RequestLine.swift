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
        let parts = String(line).split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, let method = HTTPRequest.Method(String(parts[0])), !parts[0].isEmpty else {
            throw .malformed
        }
        self.method = method
        minorVersion = try Self.minorVersion(parts[2])
        guard let target = Self.target(parts[1], of: method) else { throw .malformed }
        self.target = target
    }

    private static func minorVersion(_ text: Substring) throws(RequestParser.Failure) -> Int {
        switch text {
        case "HTTP/1.1": return 1
        case "HTTP/1.0": return 0
        default:
            let bytes = Array(text.utf8)
            let isVersion =
                bytes.count == 8 && text.hasPrefix("HTTP/") && bytes[6] == 0x2E
                && (0x30...0x39).contains(bytes[5]) && (0x30...0x39).contains(bytes[7])
            throw isVersion ? .versionNotSupported : .malformed
        }
    }

    private static func target(_ text: Substring, of method: HTTPRequest.Method) -> Target? {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 }) else { return nil }
        if method == .connect {
            return Authority.isValid(text) && !text.isEmpty ? .authority(String(text)) : nil
        }
        if text.hasPrefix("/") || text == "*" && method == .options {
            return .origin(String(text))
        }
        return absolute(text)
    }

    private static func absolute(_ text: Substring) -> Target? {
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
