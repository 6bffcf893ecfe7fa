extension SessionDescription {
    /// The text of RFC 8866 §9, each line ended by CRLF.
    package var text: String {
        var writer = LineWriter()
        writer.line("v", "0")
        writer.line("o", "\(origin.username) \(origin.sessionID) \(origin.sessionVersion) IN \(origin.address.text)")
        writer.line("s", name)
        writer.lines(otherLines, ofTypes: "iuep")
        writer.line("c", connection)
        writer.lines(otherLines, ofTypes: "b")
        for timing in timings { writer.line("t", "\(timing.start) \(timing.stop)") }
        writer.lines(otherLines, ofTypes: "rzk")
        writer.attributes(attributes)
        for section in media { writer.section(section) }
        return writer.text
    }
}

extension Connection {
    fileprivate var text: String { "\(addressType) \(address)" }
}

private struct LineWriter {
    private(set) var text = ""

    mutating func line(_ type: Character, _ value: String) {
        text += "\(type)=\(value)\r\n"
    }

    mutating func line(_ type: Character, _ connection: Connection?) {
        if let connection { line(type, "IN \(connection.text)") }
    }

    mutating func lines(_ lines: [Line], ofTypes types: String) {
        for type in types {
            for other in lines where other.type == type { line(type, other.value) }
        }
    }

    mutating func attributes(_ attributes: [Attribute]) {
        for attribute in attributes {
            line("a", attribute.value.map { "\(attribute.name):\($0)" } ?? attribute.name)
        }
    }

    mutating func section(_ section: MediaDescription) {
        let count = section.portCount.map { "/\($0)" } ?? ""
        let formats = section.formats.joined(separator: " ")
        line("m", "\(section.media) \(section.port)\(count) \(section.transport) \(formats)")
        lines(section.otherLines, ofTypes: "i")
        line("c", section.connection)
        lines(section.otherLines, ofTypes: "bk")
        attributes(section.attributes)
    }
}
