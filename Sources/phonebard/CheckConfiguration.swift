import ArgumentParser
import Daemon

struct CheckConfiguration: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Prints each setting and where it comes from, or all that is wrong with the configuration.")

    @OptionGroup var sources: Sources

    func run() throws {
        print(try sources.load().report)
    }
}
