import ArgumentParser
import Daemon
import Foundation

struct CheckConfiguration: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Prints each setting and where it comes from, or all that is wrong with the configuration.")

    @OptionGroup var sources: Sources

    func run() throws {
        let report = Data((try sources.load().report + "\n").utf8)
        do {
            try FileHandle.standardOutput.write(contentsOf: report)
        } catch {
            FileHandle.standardError.write(Data("phonebard: the output cannot be written\n".utf8))
            throw ExitCode(1)
        }
    }
}
