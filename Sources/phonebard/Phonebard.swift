import ArgumentParser
import Daemon
import Foundation

/// The headless phone of a contact-centre agent.
@main
struct Phonebard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phonebard", abstract: "The headless phone of a contact-centre agent.",
        discussion: """
            Each setting comes from the strongest of: its flag, its environment variable, a systemd credential, \
            ~/.config/phonebard/config.yaml, /etc/phonebard/config.yaml, what is built in.

            \(Configuration.help)
            """,
        version: "0.1.0", subcommands: [Run.self, CheckConfiguration.self, TokenCommand.self],
        defaultSubcommand: Run.self)
}

/// Where the configuration comes from.
struct Sources: ParsableArguments {
    @Option(help: "The configuration file to read instead of the usual two.")
    var config: String?

    @Argument(parsing: .allUnrecognized, help: .hidden)
    var flags: [String] = []

    /// Says everything that is wrong with it and ends the program if something is.
    func load() throws -> EffectiveConfiguration {
        try Self.load(flags: flags, file: config)
    }

    static func load(flags: [String], file: String?) throws -> EffectiveConfiguration {
        do throws(Faults) {
            return try EffectiveConfiguration(
                Configuration.Sources(
                    arguments: flags, environment: ProcessInfo.processInfo.environment, file: file))
        } catch {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            throw ExitCode(1)
        }
    }
}
