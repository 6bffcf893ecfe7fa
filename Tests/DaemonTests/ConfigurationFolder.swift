import Daemon
import Foundation

/// A folder of configuration files, and what a daemon would make of them.
struct ConfigurationFolder {
    let path = FileManager.default.temporaryDirectory.appending(path: "configuration-" + UUID().uuidString).path

    init() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes a file, whose folders it makes; returns its path.
    @discardableResult
    func write(_ name: String, _ text: String, mode: Int = 0o600) throws -> String {
        let file = path + "/" + name
        let folder = (file as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: file))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    /// The system's file is `system.yaml`, the home `home`.
    func sources(
        _ arguments: [String] = [], environment: [String: String] = [:], file: String? = nil
    ) -> Configuration.Sources {
        var sources = Configuration.Sources(
            arguments: arguments, environment: environment.merging(["HOME": path + "/home"]) { given, _ in given },
            file: file)
        sources.systemFile = path + "/system.yaml"
        return sources
    }

    func load(
        _ arguments: [String] = [], environment: [String: String] = [:], file: String? = nil
    ) throws -> EffectiveConfiguration {
        try EffectiveConfiguration(sources(arguments, environment: environment, file: file))
    }

    /// What is wrong, without the folder's path.
    func faults(_ arguments: [String] = [], environment: [String: String] = [:], file: String? = nil) -> [String] {
        do throws(Faults) {
            _ = try EffectiveConfiguration(sources(arguments, environment: environment, file: file))
            return []
        } catch {
            return error.all.map { $0.description.replacingOccurrences(of: path + "/", with: "") }
        }
    }
}
