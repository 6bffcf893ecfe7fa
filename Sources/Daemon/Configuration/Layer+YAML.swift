import Yams

extension Layer {
    /// A configuration file; one that is not there is a fault only if it must be.
    package init(file path: String, mustExist: Bool) {
        self.init(name: path)
        guard mustExist || FileAccess.exists(path) else { return }
        do {
            let (text, mode) = try FileAccess.read(path, limit: FileAccess.largestConfiguration)
            self.init(yaml: text, path: path, mode: mode)
        } catch {
            blame(.file(path, line: nil), error)
        }
    }

    /// The text of a configuration file.
    package init(yaml: String, path: String, mode: UInt32 = 0o600) {
        self.init(name: path)
        do {
            switch try Parser(yaml: yaml).singleRoot() {
            case .mapping(let mapping)?: read(mapping, in: File(path: path, mode: mode), below: "")
            case .scalar(let scalar)? where scalar.string.isEmpty: break
            case let node?: blame(.file(path, line: node.mark?.line), .notYAML("the file has no keys"))
            case nil: break
            }
        } catch {
            blame(error, path)
        }
    }

    private struct File {
        let path: String
        let mode: UInt32
    }

    private mutating func read(_ mapping: Node.Mapping, in file: File, below prefix: String) {
        for (key, value) in mapping {
            let name = prefix + (key.scalar?.string ?? "")
            let origin = Origin.file(file.path, line: key.mark?.line)
            let settings = Configuration.settings + Configuration.namedSettings(for: name)
            if let setting = settings.first(where: { $0.name == name }) {
                take(setting, value, in: file, at: origin)
            } else if let setting = settings.first(where: { $0.fileKey == name }) {
                set(setting, fromFile: value.scalar?.string ?? "", as: name, at: origin)
            } else if Self.groups.contains(name) || isName(key, below: prefix) {
                readGroup(name, value, in: file, at: origin)
            } else {
                blame(origin, .unknown(name, suggestion: suggestion(for: name, among: Self.names)))
            }
        }
    }

    /// Whether it is a name for what may be given any number of times.
    private func isName(_ key: Node, below prefix: String) -> Bool {
        guard let kind = Configuration.Named(rawValue: prefix), let name = key.scalar?.string else { return false }
        return !kind.settings(of: name[...]).isEmpty
    }

    private mutating func readGroup(_ name: String, _ value: Node, in file: File, at origin: Origin) {
        switch value {
        case .mapping(let mapping): read(mapping, in: file, below: name + ".")
        case .scalar(let scalar) where scalar.string.isEmpty: break
        case .scalar, .sequence, .alias:
            blame(origin, .misfit(key: name, expected: "further keys below it", found: found(value)))
        }
    }

    private mutating func take(_ setting: Setting, _ value: Node, in file: File, at origin: Origin) {
        if setting.isSecret, FileAccess.isWorldReadable(file.mode) {
            return blame(origin, .worldReadableSecret(key: setting.name, mode: file.mode))
        }
        guard let texts = texts(setting.shape, value) else {
            return misfit(setting, found: found(value), as: setting.name, at: origin)
        }
        set(setting, texts, as: setting.name, at: origin)
    }

    /// One value may stand for a list of one.
    private func texts(_ shape: Setting.Shape, _ value: Node) -> [String]? {
        switch (shape, value) {
        case (.list, .scalar(let scalar)) where scalar.string == Setting.none: []
        case (.single, .scalar(let scalar)), (.list, .scalar(let scalar)): [scalar.string]
        case (.list, .sequence(let sequence)): all(sequence.map { $0.scalar?.string })
        case (.table, .mapping(let mapping)):
            all(
                mapping.map { key, value in
                    guard let name = key.scalar?.string, let text = value.scalar?.string else { return nil }
                    return name + "=" + text
                })
        case (.single, _), (.list, _), (.table, _): nil
        }
    }

    private func all(_ texts: [String?]) -> [String]? {
        texts.contains(nil) ? nil : texts.compactMap { $0 }
    }

    private func found(_ value: Node) -> String {
        switch value {
        case .scalar(let scalar): quoted(scalar.string)
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .alias: "an alias"
        }
    }

    private static let groups: Set<String> = Set(
        Configuration.settings.flatMap { setting in
            setting.name.indices.filter { setting.name[$0] == "." }.map { String(setting.name[..<$0]) }
        } + Configuration.Named.allCases.map { String($0.rawValue.dropLast()) })

    private static let names: [String] =
        Configuration.settings.flatMap { [$0.name] + ($0.fileKey.map { [$0] } ?? []) } + groups.sorted()
}

extension Layer {
    private mutating func blame(_ error: any Error, _ path: String) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _)?, .parser(_, let problem, let mark, _)?,
            .composer(_, let problem, let mark, _)?:
            blame(.file(path, line: mark.line), .notYAML(problem))
        case .duplicatedKeysInMapping(let names, let context)?:
            blame(.file(path, line: context.mark.line), .repeated(names.joined(separator: ", ")))
        case .reader(let problem, _, _, _)?:
            blame(.file(path, line: nil), .notYAML(problem))
        case _:
            blame(.file(path, line: nil), .notYAML("it cannot be parsed"))
        }
    }
}
