import Wire

extension Trace.Record {
    /// The first line, whatever it is.
    var summary: String {
        let line = bytes.prefix { $0 != .carriageReturn && $0 != .lineFeed }
        return String(decoding: line, as: UTF8.self)
    }

    var callID: String? { RawMessage(bytes.span).text(of: .callID) }
}

extension Collection<Trace.Record> {
    /// Each message below a line that says when and which way it went.
    package var text: String {
        map { record in
            "── \(record.number) ── \(rfc3339(unixMilliseconds: record.time.unixMilliseconds)) ── \(record.source) → \(record.destination) ──\n"
                + String(decoding: record.bytes, as: UTF8.self).replacing("\r\n", with: "\n") + "\n"
        }.joined()
    }

    /// What a ladder diagram is drawn from: `participants`, in the order they appear, and `arrows` between them.
    package var ladder: JSON {
        var participants: [String] = []
        for endpoint in flatMap({ [$0.path.local, $0.path.remote] }).map(\.description)
        where !participants.contains(endpoint) {
            participants.append(endpoint)
        }
        return ["participants": .array(participants.map(JSON.string)), "arrows": .array(map(\.arrow))]
    }
}

extension Trace.Record {
    fileprivate var arrow: JSON {
        let message = RawMessage(bytes.span)
        return [
            "number": .integer(Int64(clamping: number)),
            "time": .string(rfc3339(unixMilliseconds: time.unixMilliseconds)),
            "direction": .string(direction.rawValue), "from": .string("\(source)"), "to": .string("\(destination)"),
            "summary": .string(summary), "callID": message.text(of: .callID).map(JSON.string) ?? .null,
            "cSeq": message.text(of: .cSeq).map(JSON.string) ?? .null,
            "text": .string(String(decoding: bytes, as: UTF8.self)),
        ]
    }
}

extension RawMessage {
    /// The value of a field that comes once, if it does.
    fileprivate func text(of kind: Headers.Kind) -> String? {
        guard places.has(kind), let value = try? places.single(kind) else { return nil }
        return bytes.text(value)
    }
}
