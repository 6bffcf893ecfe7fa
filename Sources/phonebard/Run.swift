import ArgumentParser
import Daemon
import Logging
import Service

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs the daemon, until SIGTERM or SIGINT.")

    @OptionGroup var sources: Sources

    func run() async throws {
        let termination = Termination()
        let configuration = try sources.load().configuration
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "phonebard")
        logger.logLevel = configuration.log.level

        let daemon = try Daemon(configuration: configuration, logger: logger)
        for endpoint in try daemon.start() {
            logger.notice(
                "ready", metadata: ["address": "\(endpoint)", "token": "\(configuration.stateDirectory)/token"])
        }
        await termination.wait()
        logger.notice("stopping")
        await daemon.stop()
    }
}
