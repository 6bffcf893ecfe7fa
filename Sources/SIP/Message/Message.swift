/// A request or a response.
package enum Message: Sendable, Equatable {
    case request(Request)
    case response(Response)

    /// Reads one whole message.
    package init(_ bytes: Span<UInt8>) throws(UnreadableMessage) {
        let raw = RawMessage(bytes)
        do {
            self = raw.isResponse ? .response(try Response(raw)) : .request(try Request(raw))
        } catch {
            throw UnreadableMessage(reason: error, reply: raw.refusal(error))
        }
    }
}

/// Why a message could not be read, and what its sender is told.
package struct UnreadableMessage: Error, Equatable {
    package var reason: Malformed
    /// A response for the sender; nil for a response, an ACK, or a request that names no Via to answer to.
    package var reply: [UInt8]?
}

extension RawMessage {
    /// The stateless refusal of a request that could not be understood: whatever must be copied and is there is
    /// copied as it stands (RFC 3261 §8.2.6, §8.2.7).
    fileprivate func refusal(_ reason: Malformed) -> [UInt8]? {
        guard !isResponse, !isACK, places.has(.via) else { return nil }
        var reply = Array("SIP/2.0 \(reason.status) \(reason.phrase)\r\n".utf8)
        for entry in headers.entries where [.via, .from, .to, .callID, .cSeq].contains(entry.kind) {
            reply.append(entry.line, of: bytes)
            if entry.kind == .to, !bytes.text(entry.value).lowercased().contains("tag") {
                reply.append(onOneLine: ";tag=\(statelessTag)")
            }
            reply.append(literal: "\r\n")
        }
        reply.append(literal: "Content-Length: 0\r\n\r\n")
        return reply
    }

    private var isACK: Bool { bytes[startLine.range].starts(with: "ACK ".utf8) }

    /// The same tag for every retransmission of the request (RFC 3261 §8.2.7): FNV-1a over the fields that name it.
    private var statelessTag: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for entry in headers.entries where [.via, .callID, .cSeq].contains(entry.kind) {
            for byte in bytes[entry.value.range] { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        }
        return String(hash, radix: 36)
    }
}
