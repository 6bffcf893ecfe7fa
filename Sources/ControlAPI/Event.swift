import Wire

/// One thing that happened, as subscribers get it.
///
/// On the wire: `{"epoch", "seq", "time", "seat", "event", "type"?, "data"}`; `event` is the SDK's callback, `type` and
/// `data` its arguments as the SDK documents them, `time` is RFC 3339 in UTC with milliseconds. Those from `registration` on
/// are our own.
package struct Event: Sendable, Equatable {
    package enum Name: String, Sendable, CaseIterable {
        case register, callEvent, kickedOffLine, statusChanged, repCallStatus
        case registration, audio, recording, dtmf, callQuality
    }

    /// What happened, before it has a place in the log.
    package struct Content: Sendable, Equatable {
        package let name: Name
        package let type: String?
        package let data: JSON

        package init(_ name: Name, type: String? = nil, data: JSON) {
            self.name = name
            self.type = type
            self.data = data
        }
    }

    package let position: LogPosition
    package let unixMilliseconds: Int64
    package let seat: String
    package let content: Content

    package init(position: LogPosition, unixMilliseconds: Int64, seat: String, content: Content) {
        self.position = position
        self.unixMilliseconds = unixMilliseconds
        self.seat = seat
        self.content = content
    }

    /// Its JSON text, members in alphabetical order.
    package var text: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(512)
        text.append(contentsOf: #"{"data":"#.utf8)
        text.appendJSON(content.data)
        text.append(contentsOf: #","epoch":"#.utf8)
        text.appendJSON(position.epoch)
        text.append(contentsOf: #","event":"\#(content.name.rawValue)","seat":"#.utf8)
        text.appendJSON(seat)
        text.append(
            contentsOf: #","seq":\#(position.seq),"time":"\#(rfc3339(unixMilliseconds: unixMilliseconds))""#.utf8)
        if let type = content.type {
            text.append(contentsOf: #","type":"#.utf8)
            text.appendJSON(type)
        }
        text.append(UInt8(ascii: "}"))
        return text
    }
}

/// A place in the event log: everything up to and including `seq` of this epoch.
package struct LogPosition: Sendable, Equatable, CustomStringConvertible {
    package let epoch: String
    package let seq: UInt64

    package init(epoch: String, seq: UInt64) {
        self.epoch = epoch
        self.seq = seq
    }

    /// Parses `{epoch}:{seq}`, the form of the `after` parameter.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, parts[1].utf8.allSatisfy({ 0x30...0x39 ~= $0 }),
            let seq = UInt64(parts[1])
        else { return nil }
        self.init(epoch: String(parts[0]), seq: seq)
    }

    package var description: String { "\(epoch):\(seq)" }
}
