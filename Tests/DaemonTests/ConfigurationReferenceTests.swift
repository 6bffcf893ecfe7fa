import Daemon
import Foundation
import Testing

@Suite("The settings are described once")
struct ConfigurationReferenceTests {
    /// The table of the README, as the settings make it.
    private var table: String {
        let defaults = Configuration(
            defaultsFor: Configuration.Sources(environment: ["HOME": "~", "XDG_RUNTIME_DIR": "/run/user/UID"]))
        let rows = Configuration.settings.map { setting in
            let form =
                switch setting.shape {
                case .single: setting.form
                case .list: "list of \(setting.form)"
                case .table: "mapping \(setting.form)"
                }
            let name = setting.isSecret ? "`\(setting.name)` (secret)" : "`\(setting.name)`"
            let escaped = form.replacingOccurrences(of: "|", with: "\\|")
            return "| \(name) | \(escaped) | `\(setting.text(in: defaults))` | \(setting.summary) |"
        }
        return "| key | type | default | what |\n|---|---|---|---|\n" + rows.joined(separator: "\n") + "\n"
    }

    @Test("The README's table is the one the settings make")
    func readme() throws {
        let readme = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../README.md")
        let text = try String(contentsOf: readme, encoding: .utf8)
        if !text.contains(table) { Issue.record("the README's section Configuration needs this table:\n\(table)") }
    }

    @Test("No two settings share a key, a variable or a flag, not even with a secret's file")
    func names() {
        let keys = Configuration.settings.flatMap { [$0.name] + ($0.fileKey.map { [$0] } ?? []) }
        #expect(Set(keys).count == keys.count)
        #expect(Set(keys.map(Setting.variable)).count == keys.count)
        #expect(Set(keys.map(Setting.flag)).count == keys.count)
        #expect(!keys.map(Setting.flag).contains("--config"))
    }

    @Test(
        "The variable and the flag follow from the key",
        arguments: [
            ("log.level", "PHONEBARD_LOG_LEVEL", "--log-level"),
            ("platform.socketURI", "PHONEBARD_PLATFORM_SOCKET_URI", "--platform-socket-uri"),
            ("platform.directory.keyFile", "PHONEBARD_PLATFORM_DIRECTORY_KEY_FILE", "--platform-directory-key-file"),
            ("limits.webSocketQueue", "PHONEBARD_LIMITS_WEB_SOCKET_QUEUE", "--limits-web-socket-queue"),
        ])
    func derivation(key: String, variable: String, flag: String) {
        #expect(Setting.variable(of: key) == variable)
        #expect(Setting.flag(of: key) == flag)
    }

    @Test("The help names every flag; that of a secret is its file's")
    func help() {
        let flags = Configuration.help.split(separator: "\n").filter { $0.hasPrefix("--") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(flags == Configuration.settings.map { Setting.flag(of: $0.fileKey ?? $0.name) })
    }

    @Test("Every default is written in a form its own setting takes")
    func defaults() throws {
        let folder = try ConfigurationFolder()
        defer { folder.remove() }
        let defaults = Configuration(defaultsFor: folder.sources())
        for setting in Configuration.settings where !setting.isSecret {
            let text = setting.text(in: defaults).replacingOccurrences(of: ", ", with: ",")
            #expect(folder.faults([Setting.flag(of: setting.name), text]) == [], "\(setting.name)")
        }
    }
}
