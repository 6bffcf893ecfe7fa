extension WebSocket {
    /// A complete data message of RFC 6455 §5.6; the bytes of a text message are well-formed UTF-8.
    package struct Message: Hashable, Sendable {
        package enum Kind: Hashable, Sendable { case text, binary }

        package var kind: Kind
        package var bytes: [UInt8]

        package init(_ kind: Kind, _ bytes: [UInt8]) {
            self.kind = kind
            self.bytes = bytes
        }

        /// Text if the bytes are UTF-8, or else binary: a peer ends the connection on any other text (RFC 6455 §8.1).
        package init(textOrBinary bytes: [UInt8]) {
            var text = UTF8Validator()
            self.init(text.accept(bytes.span) && text.isComplete ? .text : .binary, bytes)
        }

        package static func text(_ text: String) -> Message {
            Message(.text, [UInt8](text.utf8))
        }

        package static func binary(_ bytes: [UInt8]) -> Message {
            Message(.binary, bytes)
        }

        /// The text of a text message, nil for a binary one.
        package var text: String? {
            kind == .text ? String(decoding: bytes, as: UTF8.self) : nil
        }
    }

    /// A close status code of RFC 6455 §7.4.
    package struct CloseCode: RawRepresentable, Hashable, Sendable {
        package var rawValue: UInt16

        package init(rawValue: UInt16) {
            self.rawValue = rawValue
        }

        package static let normal = CloseCode(rawValue: 1000)
        package static let goingAway = CloseCode(rawValue: 1001)
        package static let protocolError = CloseCode(rawValue: 1002)
        package static let unsupportedData = CloseCode(rawValue: 1003)
        /// No code was in the close frame; never sent.
        package static let noStatus = CloseCode(rawValue: 1005)
        /// The connection ended without a close frame; never sent.
        package static let abnormal = CloseCode(rawValue: 1006)
        package static let invalidPayload = CloseCode(rawValue: 1007)
        package static let policyViolation = CloseCode(rawValue: 1008)
        package static let messageTooBig = CloseCode(rawValue: 1009)
        package static let internalError = CloseCode(rawValue: 1011)
        package static let tryAgainLater = CloseCode(rawValue: 1013)
    }
}
