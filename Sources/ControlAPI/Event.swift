import Wire

/// One thing that happened, as subscribers get it.
///
/// On the wire: `{"epoch", "seq", "time", "seat", "event", "type"?, "data"}`; `event` is the SDK's callback, `type` and
/// `data` its arguments as the SDK documents them, `time` is RFC 3339 in UTC with milliseconds.
package struct Event: Sendable, Equatable {
    package enum Name: String, Sendable, CaseIterable {
        case register, callEvent, kickedOffLine, statusChanged, repCallStatus
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

/// RFC 3339 in UTC, by the proleptic Gregorian calendar; a formatter would cost more than the rest of an event.
private func rfc3339(unixMilliseconds: Int64) -> String {
    let (seconds, milliseconds) = unixMilliseconds.quotientAndRemainder(dividingBy: 1000)
    let (day, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
    let date = civilDate(daysSince1970: day)
    let time = [second / 3600, second / 60 % 60, second % 60].map { digits($0, 2) }.joined(separator: ":")
    return "\(digits(date.year, 4))-\(digits(date.month, 2))-\(digits(date.day, 2))T\(time).\(digits(milliseconds, 3))Z"
}

/// Counts in eras of 400 years that begin on the first of March, so that a leap day is the last of its year.
private func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let days = daysSince1970 + 719_468
    let (era, dayOfEra) = days.quotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
}

private func digits(_ number: Int64, _ count: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
}
