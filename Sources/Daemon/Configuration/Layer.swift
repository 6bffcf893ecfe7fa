import Wire

/// What one source says: a value for some of the settings, and what is wrong with it.
package struct Layer: Sendable {
    struct Entry: Sendable {
        let setting: Setting
        let texts: [String]
        let origin: Origin
    }

    let name: String
    private(set) var entries: [String: Entry] = [:]
    package private(set) var faults: [Fault] = []

    init(name: String) {
        self.name = name
    }

    mutating func blame(_ origin: Origin, _ reason: Fault.Reason) {
        faults.append(Fault(origin: origin, reason: reason))
    }

    /// Takes a value if it is one.
    ///
    /// - Parameter key: how the source calls the setting.
    mutating func set(_ setting: Setting, _ texts: [String], as key: String, at origin: Origin) {
        guard entries[setting.name] == nil else { return blame(origin, .repeated(key)) }
        var scratch = Configuration.blank
        do {
            try setting.assign(texts, &scratch)
        } catch {
            return misfit(setting, found: quoted(error.text), as: key, at: origin)
        }
        if let rule = setting.file, let path = setting.texts(scratch).first.flatMap(setting.path) {
            do {
                try FileAccess.check(path, rule)
            } catch {
                return blame(origin, error)
            }
        }
        entries[setting.name] = Entry(setting: setting, texts: texts, origin: origin)
    }

    /// Takes the secret in a file.
    mutating func set(_ setting: Setting, fromFile path: String, as key: String, at origin: Origin) {
        if let entry = entries[setting.name] {
            let other = entry.origin == origin ? setting.name : "\(entry.origin)"
            return blame(origin, .conflict(key, other))
        }
        do {
            let secret = try FileAccess.secret(path)
            guard !secret.isEmpty else { return blame(origin, .empty(path: path)) }
            set(setting, [secret], as: key, at: origin)
        } catch {
            blame(origin, error)
        }
    }

    mutating func misfit(_ setting: Setting, found: String, as key: String, at origin: Origin) {
        let found = setting.isSecret ? nil : found
        blame(origin, .misfit(key: key, expected: setting.expectation, found: found))
    }
}

extension Layer {
    /// Secrets and secret files handed over by systemd in `$CREDENTIALS_DIRECTORY` (systemd.exec(5)).
    package init(credentialsIn directory: String) {
        self.init(name: directory)
        let named = FileAccess.names(in: directory).flatMap { name in
            Configuration.namedSettings(for: name).filter { $0.credential == name }
        }
        for setting in Configuration.settings + named {
            guard let name = setting.credential else { continue }
            let path = directory + "/" + name
            guard FileAccess.exists(path) else { continue }
            if setting.isSecret {
                set(setting, fromFile: path, as: name, at: .credential(name))
            } else {
                set(setting, [path], as: name, at: .credential(name))
            }
        }
    }

    /// Variables that start with `PHONEBARD_`. The environment is shared, so of those that are no setting only the ones
    /// that look like a misspelling are faults.
    package init(environment: [String: String]) {
        self.init(name: "environment")
        let sources = Self.sources(named: Setting.variable)
        for (name, value) in environment.sorted(by: { $0.key < $1.key }) where name.hasPrefix("PHONEBARD_") {
            if let source = sources[name] {
                take(source, [value], as: name, at: .variable(name))
            } else if let near = suggestion(for: name, among: sources.keys.sorted(), separator: " ") {
                blame(.variable(name), .unknown(name, suggestion: near))
            }
        }
    }

    /// `--name value` and `--name=value`; what can have several values may be repeated. A secret is never an argument,
    /// which every user of the machine could read.
    package init(flags arguments: [String]) {
        self.init(name: "flags")
        let sources = Self.sources(named: Setting.flag).filter { !$0.value.isSecretItself }
        var values: [String: [String]] = [:]
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let name = parts.first, sources[name] != nil else {
                unknown(argument, among: sources.keys.sorted())
                // What stands behind it is its value, perhaps a secret that begins with a dash.
                if argument.hasPrefix("--"), parts.count == 1, rest.first?.hasPrefix("--") == false {
                    rest.removeFirst()
                }
                continue
            }
            values[name, default: []].append(parts.count == 2 ? parts[1] : rest.popFirst() ?? "")
        }
        for (name, texts) in values.sorted(by: { $0.key < $1.key }) {
            guard let source = sources[name] else { continue }
            take(source, texts, as: name, at: .flag(name))
        }
    }

    private mutating func unknown(_ argument: String, among known: [String]) {
        let name = String(argument.prefix { $0 != "=" })
        let near = name.hasPrefix("-") ? suggestion(for: name, among: known, separator: "-") : nil
        blame(.flag(name), .unknown(name, suggestion: near))
    }
}

extension Layer {
    /// What a name outside of a file stands for.
    private struct Source {
        let setting: Setting
        let isFile: Bool

        var isSecretItself: Bool { setting.isSecret && !isFile }
    }

    private static func sources(named name: (String) -> String) -> [String: Source] {
        var sources: [String: Source] = [:]
        for setting in Configuration.settings {
            sources[name(setting.name)] = Source(setting: setting, isFile: false)
            if let key = setting.fileKey { sources[name(key)] = Source(setting: setting, isFile: true) }
        }
        return sources
    }

    private mutating func take(_ source: Source, _ values: [String], as name: String, at origin: Origin) {
        if source.isFile { return set(source.setting, fromFile: values.last ?? "", as: name, at: origin) }
        guard source.setting.shape == .single else {
            let texts = values.flatMap { $0.split(separator: ",") }.map { $0.trimmed }.filter { !$0.isEmpty }
            return set(source.setting, texts == [Setting.none] ? [] : texts, as: name, at: origin)
        }
        guard values.count == 1 else { return blame(origin, .repeated(name)) }
        set(source.setting, values, as: name, at: origin)
    }
}

extension Configuration {
    /// To try a value on.
    fileprivate static let blank = Configuration(endpoints: [], stateDirectory: "")
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}

/// As in the message of a fault, whatever it holds.
func quoted(_ text: String) -> String {
    text.isEmpty ? "nothing" : (text.count > 60 ? text.prefix(60) + "…" : text).debugDescription
}
