import ArgumentParser
import Audio
import Daemon
import Foundation
import Logging
import Network
import Wire

/// The daemon as it is, but that events can be made up.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "A daemon for the bench.", shouldDisplay: false)

    @Option var folder: String

    func run() async throws {
        var configuration = Configuration(
            endpoints: [Endpoint(.loopback4, port: 0)], stateDirectory: folder, microphone: .null, speaker: .null)
        configuration.injectsEvents = true
        configuration.limits.connections = 4096
        configuration.limits.connectionsPerPeer = 4096
        let daemon = try Daemon(configuration: configuration, logger: Logger(label: "bench", level: .error))
        for endpoint in try daemon.start() {
            try FileHandle.standardOutput.write(contentsOf: Data("\(endpoint.port)\n".utf8))
        }
        while true { try await Task.sleep(for: .seconds(3600)) }
    }
}
