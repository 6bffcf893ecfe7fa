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

    package init(parsing text: String) throws(ParseFailure) {
        try self.init(parsing: Array(text.utf8))
    }

    /// Parses a description, lines ended by CRLF or LF (RFC 8866 §5).
    ///
    /// The order of lines is checked where meaning depends on it: `v o s` first, `t` before the attributes, each
    /// `m` opening a section; the lines inside a section may come in any order.
    package init(parsing bytes: [UInt8]) throws(ParseFailure) {
        var lines = try DescriptionLines(bytes)
        guard lines.text(try lines.take("v")) == "0" else { throw .unsupportedVersion }
        var origin = lines.fields(try lines.take("o"))
        self.init(origin: try origin.takeOrigin(), name: lines.text(try lines.take("s")), timings: [])
        while let line = lines.next, line.type != UInt8(ascii: "m") {
            try add(line, of: lines)
            try lines.advance()
        }
        guard !timings.isEmpty else { throw .malformedTiming }
        while lines.next != nil {
            guard media.count < Limit.sections else { throw .tooManySections }
            media.append(try MediaDescription(parsing: &lines))
        }
        guard connection != nil || media.allSatisfy({ $0.connection != nil }) else { throw .missingConnection }
    }

    private enum Limit {
        static let sections = 64
    }

    private mutating func add(_ line: DescriptionLines.Line, of lines: DescriptionLines) throws(ParseFailure) {
        var fields = lines.fields(line.value)
        switch line.type {
        case UInt8(ascii: "c"):
            guard connection == nil else { throw .unexpectedLine }
            connection = try fields.takeConnection()
        case UInt8(ascii: "t"):
            guard attributes.isEmpty else { throw .unexpectedLine }
            timings.append(try fields.takeTiming())
        case UInt8(ascii: "a"): attributes.append(try lines.attribute(line.value))
        case UInt8(ascii: "i"), UInt8(ascii: "u"), UInt8(ascii: "e"), UInt8(ascii: "p"), UInt8(ascii: "b"),
            UInt8(ascii: "r"), UInt8(ascii: "z"), UInt8(ascii: "k"):
            otherLines.append(lines.line(line))
        default: throw .unexpectedLine
        }
    }
}

extension DescriptionFields {
    fileprivate mutating func takeOrigin() throws(SessionDescription.ParseFailure) -> Origin {
        guard let username = take(), let sessionID = takeNumber(), let sessionVersion = takeNumber() else {
            throw .malformedOrigin
        }
        return Origin(
            username: username, sessionID: sessionID, sessionVersion: sessionVersion, address: try takeConnection())
    }

    fileprivate mutating func takeConnection() throws(SessionDescription.ParseFailure) -> Connection {
        guard take() == "IN", let addressType = take(), addressType == "IP4" || addressType == "IP6",
            let address = take(), isAtEnd
        else { throw .malformedConnection }
        return Connection(addressType: addressType, address: address)
    }

    fileprivate mutating func takeTiming() throws(SessionDescription.ParseFailure) -> Timing {
        guard let start = takeNumber(), let stop = takeNumber(), isAtEnd else { throw .malformedTiming }
        return Timing(start: start, stop: stop)
    }
}

extension MediaDescription {
    private enum Limit {
        static let formats = 125
    }

    fileprivate init(parsing lines: inout DescriptionLines) throws(SessionDescription.ParseFailure) {
        var fields = lines.fields(try lines.take("m"))
        guard let media = fields.take(), let ports = fields.take(), let transport = fields.take() else {
            throw .malformedMedia
        }
        var formats: [String] = []
        while let format = fields.take() { formats.append(format) }
        guard (1...Limit.formats).contains(formats.count), fields.isAtEnd else { throw .malformedMedia }
        self.init(media: media, port: 0, transport: transport, formats: formats)
        try read(ports: ports)
        attributes.reserveCapacity(16)
        while let line = lines.next, line.type != UInt8(ascii: "m") {
            try add(line, of: lines)
            try lines.advance()
        }
    }

    private mutating func read(ports text: String) throws(SessionDescription.ParseFailure) {
        if let port = UInt16(text) {
            self.port = port
            return
        }
        let ports = text.split(separator: "/", omittingEmptySubsequences: false)
        guard ports.count == 2, let port = UInt16(ports[0]), let count = UInt16(ports[1]), count > 0 else {
            throw .malformedMedia
        }
        self.port = port
        portCount = Int(count)
    }

    private mutating func add(
        _ line: DescriptionLines.Line, of lines: DescriptionLines
    ) throws(SessionDescription.ParseFailure) {
        switch line.type {
        case UInt8(ascii: "c"):
            var fields = lines.fields(line.value)
            let more = try fields.takeConnection()
            connection = connection ?? more
        case UInt8(ascii: "a"): attributes.append(try lines.attribute(line.value))
        case UInt8(ascii: "i"), UInt8(ascii: "b"), UInt8(ascii: "k"): otherLines.append(lines.line(line))
        default: throw .unexpectedLine
        }
    }
}
