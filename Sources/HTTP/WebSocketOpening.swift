import HTTPTypes
import Wire

/// The client's side of the opening handshake, RFC 6455 §4.1.
///
/// Stricter than the RFC in one point: when subprotocols were offered, the server must choose one.
package struct WebSocketOpening: Sendable {
    package enum Failure: Error, Hashable, Sendable {
        /// The server answered with another status than 101.
        case rejected(status: Int)
        case malformed
        case headerTooLarge
        case upgradeMissing
        case acceptWrong
        case subprotocolMissing
        case subprotocolNotOffered
        case extensionNotOffered
        /// Permessage-deflate was accepted in a way that was not offered.
        case compressionInvalid
    }

    package struct Acceptance: Sendable, Equatable {
        package var subprotocol: String?
        /// Permessage-deflate as agreed on.
        package var deflation: WebSocket.Deflation?
        /// What the server sent behind its answer: the first frames.
        package var rest: [UInt8]

        package init(subprotocol: String?, deflation: WebSocket.Deflation? = nil, rest: [UInt8]) {
            self.subprotocol = subprotocol
            self.deflation = deflation
            self.rest = rest
        }
    }

    private static let headerLimit = 16 * 1024
    private static let fieldCountLimit = 100

    /// What is to be sent first.
    package let request: [UInt8]
    private let key: String
    private let subprotocols: [String]
    private let compression: WebSocket.Compression?
    private var buffer = LineBuffer()
    private var isPastStatusLine = false
    private var fields = HTTPFields()
    private var fieldBytes = 0

    package init(
        to url: WebSocketURL, subprotocols: [String], compression: WebSocket.Compression? = nil,
        fields: HTTPFields = [:], randomness: inout Randomness
    ) {
        key = Base64.encode(randomness.bytes(16))
        self.subprotocols = subprotocols
        self.compression = compression
        request = Self.request(
            to: url, key: key, subprotocols: subprotocols, compression: compression, fields: fields)
    }

    private static func request(
        to url: WebSocketURL, key: String, subprotocols: [String], compression: WebSocket.Compression?,
        fields: HTTPFields
    ) -> [UInt8] {
        var lines = [
            "GET \(url.target) HTTP/1.1", "Host: \(url.authority)", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: \(WebSocketHandshake.version)",
        ]
        if !subprotocols.isEmpty {
            lines.append("Sec-WebSocket-Protocol: \(subprotocols.joined(separator: ", "))")
        }
        if let compression {
            lines.append("Sec-WebSocket-Extensions: \(WebSocket.Deflation.offer(compression))")
        }
        lines += fields.map { "\($0.name.rawName): \($0.value)" }
        return Array((lines + ["", ""]).joined(separator: "\r\n").utf8)
    }

    /// Takes in bytes of the answer; nil while it is not complete.
    package mutating func receive(_ bytes: Span<UInt8>) throws(Failure) -> Acceptance? {
        buffer.append(bytes)
        while let line = try takeLine() {
            if !isPastStatusLine {
                let status = try Self.status(buffer.bytes.span.extracting(line))
                guard status == 101 else { throw .rejected(status: status) }
                isPastStatusLine = true
            } else if line.isEmpty {
                return Acceptance(
                    subprotocol: try subprotocol(), deflation: try deflation(), rest: buffer.takeRest())
            } else {
                guard let field = HTTPField(line: buffer.bytes.span.extracting(line)) else { throw .malformed }
                fieldBytes = min(fieldBytes + line.count + 2, Self.headerLimit)
                guard fields.count < Self.fieldCountLimit else { throw .headerTooLarge }
                fields.append(field)
            }
        }
        return nil
    }

    private mutating func takeLine() throws(Failure) -> Range<Int>? {
        do {
            return try buffer.takeLine(limit: Self.headerLimit - fieldBytes)
        } catch {
            throw error == .tooLong ? .headerTooLarge : .malformed
        }
    }

    private static func status(_ line: Span<UInt8>) throws(Failure) -> Int {
        let text = String(line)
        let digits = text.dropFirst(9).prefix(3)
        guard text.hasPrefix("HTTP/1.1 ") || text.hasPrefix("HTTP/1.0 "), digits.utf8.count == 3,
            let status = Int(digits), (100...999).contains(status)
        else { throw .malformed }
        let reason = text.dropFirst(12)
        guard reason.isEmpty || reason.hasPrefix(" ") else { throw .malformed }
        return status
    }

    /// Checks the answer's fields as §4.1 lists them and gives the chosen subprotocol.
    private func subprotocol() throws(Failure) -> String? {
        guard fields.hasToken("websocket", in: .upgrade), fields.hasToken("upgrade", in: .connection) else {
            throw .upgradeMissing
        }
        guard fields[values: .secWebSocketAccept] == [WebSocketHandshake.accept(for: key)] else { throw .acceptWrong }
        let chosen = fields[values: .secWebSocketProtocol]
        guard let first = chosen.first else {
            guard subprotocols.isEmpty else { throw .subprotocolMissing }
            return nil
        }
        guard chosen.count == 1, subprotocols.contains(first) else { throw .subprotocolNotOffered }
        return first
    }

    private func deflation() throws(Failure) -> WebSocket.Deflation? {
        guard let extensions = WebSocketExtension.list(fields) else { throw .malformed }
        guard let accepted = extensions.first else { return nil }
        guard let compression, extensions.count == 1, accepted.name == "permessage-deflate" else {
            throw .extensionNotOffered
        }
        guard let deflation = WebSocket.Deflation(answer: accepted, to: compression) else { throw .compressionInvalid }
        return deflation
    }
}
