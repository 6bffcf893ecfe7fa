/// A request or a response.
package enum Message: Sendable, Equatable {
    case request(Request)
    case response(Response)

    /// Reads one whole message.
    package init(_ bytes: Span<UInt8>) throws(UnreadableMessage) {
        let raw: RawMessage
        do { raw = try RawMessage(bytes) } catch { throw UnreadableMessage(reason: error) }
        do {
            self = try Message(raw)
        } catch {
            throw UnreadableMessage(reason: error, reply: raw.refusal(error))
        }
    }

    private init(_ raw: RawMessage) throws(Malformed) {
        if raw.startLine.hasPrefix("SIP/") {
            self = .response(try Response(raw))
        } else {
            self = .request(try Request(raw))
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
        guard !startLine.hasPrefix("SIP/"), !startLine.hasPrefix("ACK "), headers[.via] != nil else { return nil }
        let status = reason.status
        var copied = Headers()
        for field in headers.fields where [.via, .from, .to, .callID, .cSeq].contains(field.name) {
            copied.append(field.name, field.value)
        }
        if let to = copied[.to], !to.lowercased().contains("tag") {
            copied[.to] = "\(to);tag=\(statelessTag)"
        }
        return RawMessage(startLine: "SIP/2.0 \(status) \(reasonPhrase(status))", headers: copied).bytes
    }

    /// The same tag for every retransmission of the request (RFC 3261 §8.2.7): FNV-1a over the fields that name it.
    private var statelessTag: String {
        let hash = [HeaderName.callID, .cSeq, .via].compactMap { headers[$0] }.joined().utf8.reduce(
            UInt64(0xCBF2_9CE4_8422_2325)
        ) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
        return String(hash, radix: 36)
    }
}
