import Wire

extension SessionDescription {
    package enum ParseFailure: Error, Equatable {
        case tooLong
        case tooManyLines
        case tooManySections
        /// Not `type=value`, or bytes no line may hold.
        case malformedLine
        /// A line the grammar does not have at this place (RFC 8866 §9).
        case unexpectedLine
        case unsupportedVersion
        case malformedOrigin
        case malformedConnection
        case malformedTiming
        case malformedAttribute
        case malformedMedia
        /// A media section without an address of its own or the session's (RFC 8866 §5.7).
        case missingConnection
    }

    /// Parses the text of a description, lines ended by CRLF or LF (RFC 8866 §5).
    ///
    /// The order of lines is checked where meaning depends on it: `v o s` first, `t` before the attributes, each
    /// `m` opening a section; the lines inside a section may come in any order.
    package init(parsing text: String) throws(ParseFailure) {
        var lines = try Line.split(text)[...]
        guard try lines.popValue(of: "v") == "0" else { throw .unsupportedVersion }
        self.init(origin: try Origin(parsing: lines.popValue(of: "o")), name: try lines.popValue(of: "s"), timings: [])
        while let line = lines.first, line.type != "m" {
            lines.removeFirst()
            try add(line)
        }
        guard !timings.isEmpty else { throw .malformedTiming }
        while !lines.isEmpty {
            guard media.count < Limit.sections else { throw .tooManySections }
            media.append(try MediaDescription(parsing: &lines))
        }
        guard connection != nil || media.allSatisfy({ $0.connection != nil }) else { throw .missingConnection }
    }

    private enum Limit {
        static let sections = 64
    }

    private mutating func add(_ line: Line) throws(ParseFailure) {
        switch line.type {
        case "c":
            guard connection == nil else { throw .unexpectedLine }
            connection = try Connection(parsing: line.value)
        case "t":
            guard attributes.isEmpty else { throw .unexpectedLine }
            timings.append(try Timing(parsing: line.value))
        case "a": attributes.append(try Attribute(parsing: line.value))
        case "i", "u", "e", "p", "b", "r", "z", "k": otherLines.append(line)
        default: throw .unexpectedLine
        }
    }
}

extension Line {
    private enum Limit {
        static let bytes = 64 * 1024
        static let lines = 2_000
    }

    fileprivate static func split(_ text: String) throws(SessionDescription.ParseFailure) -> [Line] {
        let bytes = Array(text.utf8)
        guard bytes.count <= Limit.bytes else { throw .tooLong }
        var lines: [Line] = []
        for var line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.isEmpty { continue }
            guard lines.count < Limit.lines else { throw .tooManyLines }
            lines.append(try Line(parsing: line))
        }
        return lines
    }

    private init(parsing bytes: ArraySlice<UInt8>) throws(SessionDescription.ParseFailure) {
        guard bytes.count >= 2, let type = bytes.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(type),
            bytes.dropFirst().first == UInt8(ascii: "="), !bytes.contains(0), !bytes.contains(UInt8(ascii: "\r"))
        else { throw .malformedLine }
        self.init(
            type: Character(Unicode.Scalar(type)), value: String(decoding: bytes.dropFirst(2), as: UTF8.self))
    }
}

extension ArraySlice<Line> {
    fileprivate mutating func popValue(of type: Character) throws(SessionDescription.ParseFailure) -> String {
        guard let line = first, line.type == type else { throw .unexpectedLine }
        removeFirst()
        return line.value
    }
}

extension Origin {
    fileprivate init(parsing text: String) throws(SessionDescription.ParseFailure) {
        let fields = text.fields
        guard fields.count == 6, let sessionID = UInt64(fields[1]), let sessionVersion = UInt64(fields[2]) else {
            throw .malformedOrigin
        }
        self.init(
            username: fields[0], sessionID: sessionID, sessionVersion: sessionVersion,
            address: try Connection(parsing: fields[3...].joined(separator: " ")))
    }
}

extension Connection {
    fileprivate init(parsing text: String) throws(SessionDescription.ParseFailure) {
        let fields = text.fields
        guard fields.count == 3, fields[0] == "IN", fields[1] == "IP4" || fields[1] == "IP6" else {
            throw .malformedConnection
        }
        self.init(addressType: fields[1], address: fields[2])
    }
}

extension Timing {
    fileprivate init(parsing text: String) throws(SessionDescription.ParseFailure) {
        let fields = text.fields
        guard fields.count == 2, let start = UInt64(fields[0]), let stop = UInt64(fields[1]) else {
            throw .malformedTiming
        }
        self.init(start: start, stop: stop)
    }
}

extension Attribute {
    fileprivate init(parsing text: String) throws(SessionDescription.ParseFailure) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, !name.isEmpty, !name.contains(" ") else { throw .malformedAttribute }
        self.init(String(name), parts.count == 2 ? String(parts[1]) : nil)
    }
}

extension MediaDescription {
    private enum Limit {
        static let formats = 128
    }

    fileprivate init(parsing lines: inout ArraySlice<Line>) throws(SessionDescription.ParseFailure) {
        let fields = try lines.popValue(of: "m").fields
        guard (4...Limit.formats).contains(fields.count) else { throw .malformedMedia }
        let ports = fields[1].split(separator: "/", omittingEmptySubsequences: false)
        guard let port = ports.first.flatMap({ UInt16($0) }), ports.count <= 2 else { throw .malformedMedia }
        self.init(media: fields[0], port: port, transport: fields[2], formats: Array(fields[3...]))
        if ports.count == 2 {
            guard let count = UInt16(ports[1]), count > 0 else { throw .malformedMedia }
            portCount = Int(count)
        }
        while let line = lines.first, line.type != "m" {
            lines.removeFirst()
            try add(line)
        }
    }

    private mutating func add(_ line: Line) throws(SessionDescription.ParseFailure) {
        switch line.type {
        case "c":
            let more = try Connection(parsing: line.value)
            connection = connection ?? more
        case "a": attributes.append(try Attribute(parsing: line.value))
        case "i", "b", "k": otherLines.append(line)
        default: throw .unexpectedLine
        }
    }
}

extension String {
    /// The parts between single spaces; two spaces in a row give an empty part, which no field may be.
    var fields: [String] {
        let parts = split(separator: " ", omittingEmptySubsequences: false)
        return parts.contains(where: \.isEmpty) ? [] : parts.map(String.init)
    }
}
