/// One thing that can be configured: how it is called and written, what it is for, and where it goes.
///
/// The keys of the files, the environment variables, the flags, their help, `check-config` and the table of the README
/// all follow from ``Configuration/settings``.
package struct Setting: Sendable {
    package enum Shape: Sendable {
        case single, list
        /// `NAME=VALUE` pairs; a mapping in a file.
        case table
    }

    /// What the file a value names must be like.
    package enum FileRule: Sendable {
        case readable
        /// As ``readable``, and closed to everyone but its owner and group.
        case secret
        /// As ``readable``, and a WAV file that can be played.
        case sound
        /// As ``readable``, and with certificates in it.
        case authorities
    }

    /// A text that is no value of this setting.
    struct Misfit: Error {
        let text: String
    }

    /// Its key in a file, as a path of keys: `limits.header`.
    package let name: String
    package let shape: Shape
    /// What one value looks like, as in `ADDRESS:PORT`.
    package let form: String
    /// What a fault says was expected.
    package let expectation: String
    package let summary: String
    package var isSecret = false
    package var file: FileRule?
    /// The file that a value names.
    var path: @Sendable (_ text: String) -> String? = { $0 }
    let assign: @Sendable (_ texts: [String], inout Configuration) throws(Misfit) -> Void
    let texts: @Sendable (Configuration) -> [String]
}

extension Setting {
    typealias Field<Value> = any WritableKeyPath<Configuration, Value> & Sendable

    static func one<Value>(_ name: String, _ field: Field<Value>, _ form: Form<Value>, _ summary: String) -> Setting {
        Setting(
            name: name, shape: .single, form: form.name, expectation: form.expectation, summary: summary,
            assign: { texts, configuration throws(Misfit) in
                configuration[keyPath: field] = try form.value(of: texts.first ?? "")
            },
            texts: { [form.write($0[keyPath: field])] })
    }

    /// A value that may be missing, which is written `none`.
    static func optional<Value>(
        _ name: String, _ field: Field<Value?>, _ form: Form<Value>, _ summary: String
    ) -> Setting {
        Setting(
            name: name, shape: .single, form: form.name, expectation: "\(form.expectation) or none", summary: summary,
            assign: { texts, configuration throws(Misfit) in
                let text = texts.first ?? ""
                configuration[keyPath: field] = text == Self.none || text.isEmpty ? nil : try form.value(of: text)
            },
            texts: { $0[keyPath: field].map { [form.write($0)] } ?? [] })
    }

    static func list<Value>(
        _ name: String, _ field: Field<[Value]>, _ form: Form<Value>, _ summary: String
    ) -> Setting {
        Setting(
            name: name, shape: .list, form: form.name, expectation: form.expectation, summary: summary,
            assign: { texts, configuration throws(Misfit) in
                configuration[keyPath: field] = try texts.map { text throws(Misfit) in try form.value(of: text) }
            },
            texts: { $0[keyPath: field].map(form.write) })
    }

    /// - Parameter form: what stands behind the name of each pair.
    /// - Parameter names: the only ones there are, if not every one is taken.
    static func table(
        _ name: String, _ field: Field<[String: String]>, key: String, among names: Set<String>? = nil,
        _ form: Form<String>, _ summary: String
    ) -> Setting {
        Setting(
            name: name, shape: .table, form: "\(key)=\(form.name)",
            expectation: "\(key)=\(form.name), where \(form.name) is \(form.expectation)"
                + (names.map { " and \(key) one of " + $0.sorted().joined(separator: ", ") } ?? ""),
            summary: summary,
            assign: { texts, configuration throws(Misfit) in
                var table: [String: String] = [:]
                for text in texts {
                    guard let equals = text.firstIndex(of: "="), names?.contains(String(text[..<equals])) ?? true else {
                        throw Misfit(text: text)
                    }
                    guard let value = form.parse(String(text[text.index(after: equals)...])) else {
                        throw Misfit(text: text)
                    }
                    table[String(text[..<equals])] = value
                }
                configuration[keyPath: field] = table
            },
            texts: { $0[keyPath: field].sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } })
    }

    static let none = "none"

    func withSecret() -> Setting {
        var setting = self
        setting.isSecret = true
        return setting
    }

    func naming(
        _ rule: FileRule, by path: @escaping @Sendable (_ text: String) -> String? = { $0 }
    ) -> Setting {
        var setting = self
        setting.file = rule
        setting.path = path
        return setting
    }
}

/// The names it has in other places than a file.
extension Setting {
    /// The key whose value is the name of a file that holds this secret.
    package var fileKey: String? { isSecret ? name + Self.fileSuffix : nil }

    /// As in `PHONEBARD_LIMITS_HEADER`.
    package static func variable(of key: String) -> String {
        "PHONEBARD_" + words(of: key).joined(separator: "_").uppercased()
    }

    /// As in `--limits-header`.
    package static func flag(of key: String) -> String {
        "--" + words(of: key).joined(separator: "-").lowercased()
    }

    /// The systemd credential it is taken from, if it is a secret or the name of a secret file.
    package var credential: String? {
        if isSecret { return name }
        return file == .secret && name.hasSuffix(Self.fileSuffix) ? String(name.dropLast(Self.fileSuffix.count)) : nil
    }

    private static let fileSuffix = "File"

    /// `platform.socketURI` is `platform`, `socket`, `URI`.
    private static func words(of key: String) -> [String] {
        var words: [String] = [""]
        var lastIsLower = false
        for character in key {
            if character == "." || (character.isUppercase && lastIsLower) { words.append("") }
            if character != "." { words[words.count - 1].append(character) }
            lastIsLower = character.isLowercase
        }
        return words
    }
}
