extension Configuration {
    /// The flags, for `--help`.
    package static var help: String {
        let defaults = Configuration(
            defaultsFor: Sources(environment: ["HOME": "~", "XDG_RUNTIME_DIR": "/run/user/UID"]))
        let entries = settings.map { setting in
            let value = setting.text(in: defaults)
            let suffix = setting.shape == .single ? "" : ",…"
            return """
                \(Setting.flag(of: setting.fileKey ?? setting.name)) \(setting.isSecret ? "FILE" : setting.form + suffix)
                    \(setting.summary)
                    default: \(value)
                """
        }
        return entries.joined(separator: "\n")
    }
}

extension Setting {
    /// Its value as one text.
    package func text(in configuration: Configuration) -> String {
        let texts = texts(configuration)
        return texts.isEmpty ? Self.none : texts.joined(separator: ", ")
    }
}
