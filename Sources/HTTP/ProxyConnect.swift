import HTTPTypes
import Wire

/// The client's side of asking an HTTP proxy for a tunnel, RFC 9110 §9.3.6.
package struct ProxyConnect: Sendable {
    package enum Failure: Error, Hashable, Sendable {
        /// The proxy answered with a status that is none of success.
        case rejected(status: Int)
        case malformed
        case headerTooLarge
    }

    private static let headerLimit = 16 * 1024
    private static let fieldCountLimit = 100

    /// What is to be sent first.
    package let request: [UInt8]
    private var buffer = LineBuffer()
    private var status: Int?
    private var fieldCount = 0
    private var fieldBytes = 0

    /// - Parameter credentials: user and password of the scheme Basic (RFC 7617).
    package init(to authority: String, credentials: (user: String, password: Redacted<String>)? = nil) {
        var lines = ["CONNECT \(authority) HTTP/1.1", "Host: \(authority)"]
        if let credentials {
            let pair = "\(credentials.user):\(credentials.password.value)"
            lines.append("Proxy-Authorization: Basic \(Base64.encode(Array(pair.utf8)))")
        }
        request = Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
    }

    /// Takes in bytes of the answer and says whether the tunnel is there.
    ///
    /// Nothing may follow the answer: in a tunnel to a TLS or WebSocket server the client speaks first.
    package mutating func receive(_ bytes: Span<UInt8>) throws(Failure) -> Bool {
        buffer.append(bytes)
        while let line = try takeLine() {
            guard let status else {
                status = StatusLine.status(buffer.bytes.span.extracting(line))
                guard let status else { throw .malformed }
                guard 100..<300 ~= status else { throw .rejected(status: status) }
                continue
            }
            fieldCount += 1
            fieldBytes = min(fieldBytes + line.count + 2, Self.headerLimit)
            guard fieldCount <= Self.fieldCountLimit else { throw .headerTooLarge }
            guard line.isEmpty else { continue }
            guard status >= 200 else {
                self.status = nil
                continue
            }
            guard buffer.count == 0 else { throw .malformed }
            return true
        }
        return false
    }

    private mutating func takeLine() throws(Failure) -> Range<Int>? {
        do {
            return try buffer.takeLine(limit: Self.headerLimit - fieldBytes)
        } catch {
            throw error == .tooLong ? .headerTooLarge : .malformed
        }
    }
}
