import Wire

/// The header fields of a message in the order and spelling they were written in (RFC 3261 §7.3).
///
/// They stay the bytes they came as: a value becomes a text when it is asked for. The fields that a message keeps apart
/// are not seen here, and are not written from here.
package struct Headers: Sendable {
    package struct Field: Sendable, Equatable {
        package var name: HeaderName
        package var value: String

        package init(_ name: HeaderName, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// A line of ``bytes``: a name, a colon, a value on one line.
    struct Entry: Sendable {
        var kind: Kind
        var name: Slice
        var value: Slice
        var line: Slice { Slice(name.start, value.end) }
    }

    /// The fields that a message keeps apart from the others.
    enum Kind: UInt8, Sendable { case other, via, from, to, callID, cSeq, maxForwards, contentLength }

    private(set) var bytes: [UInt8]
    private(set) var entries: [Entry]

    /// The lines that were found in a message.
    init(_ lines: HeadLines, of message: Span<UInt8>) {
        bytes = [UInt8](message.extracting(first: lines.position))
        entries = lines.fields
        if !lines.folded.isEmpty { unfold(lines.folded) }
    }

    package init(_ fields: [Field] = []) {
        bytes = []
        entries = []
        for field in fields { append(field.name, field.value) }
    }

    package var fields: [Field] {
        visible.map { Field(HeaderName(bytes.text($0.name)), bytes.text($0.value)) }
    }

    /// The first field of that name; setting it replaces every field of that name.
    package subscript(name: HeaderName) -> String? {
        get { entries.first { isVisible($0, name) }.map { bytes.text($0.value) } }
        set {
            guard let newValue else { return remove(name) }
            let first = entries.firstIndex { isVisible($0, name) } ?? entries.count
            remove(name)
            let entry = write(name, newValue)
            entries.insert(entry, at: first)
        }
    }

    /// The value of each field of that name, undivided.
    package func all(_ name: HeaderName) -> [String] {
        values(name).map { bytes.text($0) }
    }

    /// The elements of the comma-separated fields of that name, such as the option tags of Require.
    package func list(_ name: HeaderName) -> [String] {
        all(name).flatMap(\.commaSeparated).filter { !$0.isEmpty }
    }

    /// Whether the sender knows an extension; option tags are compared without case (RFC 3261 §7.3.1).
    func supports(_ tag: String) -> Bool { list(.supported).contains { $0.lowercased() == tag } }

    /// Whether the sender insists on an extension.
    func requires(_ tag: String) -> Bool { list(.require).contains { $0.lowercased() == tag } }

    /// The addresses of the fields of that name; none for the `*` of a Contact.
    package func addresses(_ name: HeaderName) throws(Malformed) -> [NameAddress] {
        var addresses: [NameAddress] = []
        for value in values(name) where !bytes.matches(value, "*") {
            addresses += try NameAddress.list(bytes, parsing: value)
        }
        return addresses
    }

    package mutating func append(_ name: HeaderName, _ value: String) {
        let entry = write(name, value)
        entries.append(entry)
    }

    package mutating func append(_ more: Headers) {
        guard !entries.isEmpty else { return self = more }
        for entry in more.visible {
            let offset = bytes.count - entry.name.start
            bytes.append(entry.line, of: more.bytes)
            entries.append(
                Entry(kind: entry.kind, name: entry.name.moved(by: offset), value: entry.value.moved(by: offset)))
        }
    }

    package mutating func remove(_ name: HeaderName) {
        entries.removeAll { [bytes] in $0.kind == .other && name.matches($0.name, of: bytes) }
    }

    /// Puts values that go over several lines on one (RFC 3261 §7.3.1).
    private mutating func unfold(_ folded: [Int]) {
        let original = bytes
        for index in folded {
            let entry = entries[index]
            let name = entry.name.moved(by: bytes.count - entry.name.start)
            bytes.append(entry.name, of: original)
            bytes.append(literal: ": ")
            let start = bytes.count
            for line in original[entry.value.range].split(separator: .lineFeed) {
                let end = line.last == .carriageReturn ? line.endIndex - 1 : line.endIndex
                let text = original.span.trimmed(Slice(line.startIndex, end))
                if bytes.count > start, !text.isEmpty { bytes.append(UInt8(ascii: " ")) }
                bytes.append(text, of: original)
            }
            entries[index] = Entry(kind: entry.kind, name: name, value: Slice(start, bytes.count))
        }
    }

    private func values(_ name: HeaderName) -> [Slice] {
        entries.compactMap { isVisible($0, name) ? $0.value : nil }
    }

    fileprivate var visible: [Entry] { entries.filter { $0.kind == .other } }

    private func isVisible(_ entry: Entry, _ name: HeaderName) -> Bool {
        entry.kind == .other && name.matches(entry.name, of: bytes)
    }

    /// Adds a line to the bytes, in which nothing can start a line of its own.
    private mutating func write(_ name: HeaderName, _ value: String) -> Entry {
        let start = bytes.count
        bytes.append(onOneLine: name.rawValue)
        let end = bytes.count
        bytes.append(literal: ": ")
        let valueStart = bytes.count
        bytes.append(onOneLine: value)
        let written = Slice(start, end)
        return Entry(kind: Kind(written, of: bytes.span), name: written, value: Slice(valueStart, bytes.count))
    }
}

extension Headers: Equatable {
    /// Whether they are the same fields in the same order; letter case and compact forms of names do not count.
    package static func == (left: Headers, right: Headers) -> Bool {
        left.visible.elementsEqual(right.visible) { one, other in
            left.bytes.isEqual(one.value, to: other.value, of: right.bytes)
                && (left.bytes.isEqual(one.name, to: other.name, of: right.bytes)
                    || HeaderName(left.bytes.text(one.name)) == HeaderName(right.bytes.text(other.name)))
        }
    }
}

extension Headers: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (HeaderName, String)...) {
        self.init(elements.map { Field($0, $1) })
    }
}
