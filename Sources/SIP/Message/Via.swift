import Wire

/// One hop a request has come through (RFC 3261 §20.42).
package struct Via: Sendable {
    struct Layout: Sendable {
        var whole: Slice
        var transport: Slice
        var host: Slice
        var port: UInt16?
        /// What the value ends with.
        var parameters: Slice
    }

    let bytes: [UInt8]
    let layout: Layout

    init(_ bytes: [UInt8], _ layout: Layout) {
        self.bytes = bytes
        self.layout = layout
    }

    package init(transport: String, host: String, port: UInt16? = nil, parameters: Parameters = Parameters()) {
        var written = Array("SIP/2.0/".utf8)
        let name = Slice(written.count, written.count + transport.utf8.count)
        written.append(onOneLine: "\(transport) ")
        let place = Slice(written.count, written.count + host.utf8.count)
        written.append(onOneLine: host)
        if let port { written.append(onOneLine: ":\(port)") }
        let end = Slice(written.count, written.count + parameters.slice.count)
        written.append(parameters.slice, of: parameters.bytes)
        self.init(
            written,
            Layout(whole: Slice(0, end.end), transport: name, host: place, port: port, parameters: end))
    }

    /// The hops of a comma-separated value, the nearest first.
    package static func list(parsing text: String) throws(Malformed) -> [Via] {
        let bytes = [UInt8](onOneLine: text)
        var hops: [Layout] = []
        try hops.append(parsing: Slice(0, bytes.count), of: bytes)
        return hops.map { Via(bytes, $0) }
    }

    package var transport: String { bytes.text(layout.transport) }
    package var host: String { bytes.text(layout.host) }
    package var port: UInt16? { layout.port }

    package var parameters: Parameters {
        get { Parameters(bytes, layout.parameters) }
        set { self = Via(transport: transport, host: host, port: port, parameters: newValue) }
    }

    package var branch: String? { parameters["branch"] }

    /// `host` or `host:port`, compared without letter case.
    package var sentBy: String { (port.map { "\(host):\($0)" } ?? host).lowercased() }
}

extension Via: Equatable {
    package static func == (left: Via, right: Via) -> Bool {
        left.bytes.isEqual(left.layout.whole, to: right.layout.whole, of: right.bytes)
            || left.transport == right.transport && left.host == right.host && left.port == right.port
                && left.parameters == right.parameters
    }
}

extension Via: CustomStringConvertible {
    package var description: String { bytes.text(layout.whole) }
}

extension [Via.Layout] {
    /// Adds the hops of a comma-separated value.
    mutating func append(parsing value: Slice, of bytes: [UInt8]) throws(Malformed) {
        var lexer = Lexer(bytes.span, value.range)
        repeat { append(try lexer.takeHop()) } while lexer.take(",")
        guard lexer.isAtEnd else { throw .value(.via) }
    }
}

extension Via.Layout {
    /// The same in other bytes, that many places further on.
    func moved(by offset: Int) -> Via.Layout {
        Via.Layout(
            whole: whole.moved(by: offset), transport: transport.moved(by: offset), host: host.moved(by: offset),
            port: port, parameters: parameters.moved(by: offset))
    }
}

extension Lexer {
    fileprivate mutating func takeHop() throws(Malformed) -> Via.Layout {
        skipWhitespace()
        let start = position
        guard let name = tokenSlice(), bytes.matches(name, lowercase: "sip"), take("/"),
            let version = tokenSlice(), bytes.matches(version, lowercase: "2.0"), take("/"),
            let transport = tokenSlice(), next?.isWhitespace == true
        else { throw .value(.via) }
        skipWhitespace()
        let (host, port) = try takeHostAndPort(withBlanks: true)
        let parameters = try takeParameters()
        let whole = Slice(start, position)
        skipWhitespace()
        return Via.Layout(whole: whole, transport: transport, host: host, port: port, parameters: parameters)
    }
}
