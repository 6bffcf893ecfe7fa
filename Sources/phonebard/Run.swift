import ArgumentParser
import Daemon
import Foundation
import Logging
import Service
import Wire

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the daemon, until SIGTERM or SIGINT; a second one ends it at once.")

    @OptionGroup var sources: Sources

    func run() async throws {
        let termination = Termination()
        let configuration = try sources.load().configuration
        let environment = ProcessInfo.processInfo.environment
        LoggingSystem.bootstrap { configuration.log.makeHandler(label: $0, environment: environment) }
        var logger = Logger(label: "phonebard")
        logger.logLevel = configuration.log.level
        let notifier = Notifier(environment: environment)
        logger.debug("descriptors", metadata: ["limit": "\(DescriptorLimit.raise())"])

        let daemon: Daemon
        do {
            let inherited = try InheritedSocket.all(environment: environment)
            daemon = try Daemon(configuration: configuration, inherited: inherited, logger: logger) { line in
                notifier?.tell(.status(line))
            }
            let addresses = try daemon.start().map(\.description)
            logger.notice(
                "ready",
                metadata: [
                    "address": "\(addresses.joined(separator: ","))",
                    "socket": "\(inherited.isEmpty ? configuration.socketPath ?? "none" : "inherited")",
                    "state": "\(configuration.stateDirectory)",
                ])
            notifier?.tell(.ready, .status(Daemon.firstStatus))
        } catch {
            logger.critical("cannot start", metadata: ["failure": "\(error)"])
            notifier?.tell(.status("cannot start: \(error)"))
            throw ExitCode(1)
        }
        if let notifier, let watchdog = Watchdog(environment: environment) {
            Task { await watchdog.feed(through: notifier) { await daemon.comeRound() } }
        }
        await termination.wait()
        logger.notice("stopping")
        notifier?.tell(.stopping(within: daemon.stopTime), .status("stopping"))
        guard await termination.finish(within: daemon.stopTime, { await daemon.stop() }) else {
            logger.warning("ended without waiting")
            return
        }
    }
}

extension Configuration.Log {
    fileprivate func makeHandler(label: String, environment: [String: String]) -> any LogHandler {
        let isForJournal =
            switch destination {
            case .automatic: JournalLog.isStream(environment: environment)
            case .standardError: false
            case .journal: true
            }
        return isForJournal ? JournalLog(label: label) : StandardErrorLog(environment: environment)
    }
}
