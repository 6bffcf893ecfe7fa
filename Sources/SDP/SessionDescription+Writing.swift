extension SessionDescription {
    /// The text of RFC 8866 §9, each line ended by CRLF.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The bytes of ``text``.
    package var bytes: [UInt8] {
        var writer = LineWriter()
        writer.line("v", "0")
        writer.begin("o")
        writer.write(origin.username)
        writer.write(" ", origin.sessionID)
        writer.write(" ", origin.sessionVersion)
        writer.write(" ", origin.address)
        writer.end()
        writer.line("s", name)
        writer.lines(otherLines, ofTypes: "iuep")
        writer.line(connection)
        writer.lines(otherLines, ofTypes: "b")
        for timing in timings {
            writer.begin("t")
            writer.write(timing.start)
            writer.write(" ", timing.stop)
            writer.end()
        }
        writer.lines(otherLines, ofTypes: "rzk")
        writer.attributes(attributes)
        for section in media { writer.section(section) }
        return writer.bytes
    }
}

private struct LineWriter {
    private(set) var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(1024) }

    mutating func begin(_ type: Unicode.Scalar) {
        bytes.append(UInt8(ascii: type))
        bytes.append(UInt8(ascii: "="))
    }

    mutating func end() {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }

    mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ number: UInt64) {
        if number >= 10 { write(number / 10) }
        bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
    }

    mutating func write(_ separator: Unicode.Scalar, _ number: UInt64) {
        bytes.append(UInt8(ascii: separator))
        write(number)
    }

    mutating func write(_ separator: Unicode.Scalar, _ text: String) {
        bytes.append(UInt8(ascii: separator))
        write(text)
    }

    mutating func write(_ separator: Unicode.Scalar, _ connection: Connection) {
        write(separator, "IN")
        write(" ", connection.addressType)
        write(" ", connection.address)
    }

    mutating func line(_ type: Unicode.Scalar, _ value: String) {
        begin(type)
        write(value)
        end()
    }

    mutating func line(_ connection: Connection?) {
        guard let connection else { return }
        bytes.append(UInt8(ascii: "c"))
        write("=", connection)
        end()
    }

    mutating func lines(_ lines: [Line], ofTypes types: String) {
        guard !lines.isEmpty else { return }
        for type in types.unicodeScalars {
            for other in lines where other.type == Character(type) { line(type, other.value) }
        }
    }

    mutating func attributes(_ attributes: [Attribute]) {
        for attribute in attributes {
            begin("a")
            write(attribute.name)
            if let value = attribute.value { write(":", value) }
            end()
        }
    }

    mutating func section(_ section: MediaDescription) {
        begin("m")
        write(section.media)
        write(" ", UInt64(section.port))
        if let count = section.portCount { write("/", UInt64(count)) }
        write(" ", section.transport)
        for format in section.formats { write(" ", format) }
        end()
        lines(section.otherLines, ofTypes: "i")
        line(section.connection)
        lines(section.otherLines, ofTypes: "bk")
        attributes(section.attributes)
    }
}
