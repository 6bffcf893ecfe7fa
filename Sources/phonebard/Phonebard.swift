import ArgumentParser
import Audio
import Daemon
import Foundation
import Logging
import Service
import Wire

/// The headless phone of a contact-centre agent.
@main
struct Phonebard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phonebard", abstract: "The headless phone of a contact-centre agent.", version: "0.1.0")

    @Option(help: "Address and port of the control API; may be given several times. (default: 127.0.0.1:8460)")
    var listen: [String] = []

    @Option(help: "Folder of the API token. (default: $XDG_STATE_HOME/phonebard or ~/.local/state/phonebard)")
    var stateDir: String?

    @Option(
        help: ArgumentHelp(
            "Operations host of a switchboard number or area code, as NUMBER=HOST[:PORT]; may be given several times.",
            valueName: "number=host"))
    var operationsHost: [String] = []

    @Option(help: "WebSocket URI of the gateway when init names none.")
    var socketUri: String?

    @Option(help: "PEM file of the certificate authorities to believe instead of the system's.")
    var caFile: String?

    @Option(help: "Local address for audio; may be given several times. (default: those of the interfaces)")
    var mediaAddress: [String] = []

    @Option(help: "Where the agent's voice comes from: pulse[:SOURCE], wav:FILE, tone:HZ[,DB] or null.")
    var microphone = "pulse"

    @Option(help: "Where the other side is heard: pulse[:SINK], wav:FILE or null.")
    var speaker = "pulse"

    @Option(help: "Least severe messages to log: trace, debug, info, notice, warning, error or critical.")
    var logLevel = "info"

    func run() async throws {
        let termination = Termination()
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw ValidationError("unknown log level '\(logLevel)'")
        }
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        var logger = Logger(label: "phonebard")
        logger.logLevel = level

        let configuration = try makeConfiguration()
        let daemon = try Daemon(configuration: configuration, logger: logger)
        for endpoint in try daemon.start() {
            logger.notice(
                "ready", metadata: ["address": "\(endpoint)", "token": "\(configuration.stateDirectory)/token"])
        }
        await termination.wait()
        logger.notice("stopping")
        await daemon.stop()
    }

    private func makeConfiguration() throws -> Configuration {
        let endpoints = try (listen.isEmpty ? ["127.0.0.1:\(Configuration.defaultPort)"] : listen).map(endpoint)
        return Configuration(
            endpoints: endpoints, stateDirectory: stateDir ?? Self.defaultStateDirectory, hosts: try hosts(),
            socketURI: socketUri, authorities: caFile, mediaAddresses: try mediaAddress.map(address),
            microphone: try device(microphone), speaker: try device(speaker))
    }

    private static var defaultStateDirectory: String {
        let environment = ProcessInfo.processInfo.environment
        let base = environment["XDG_STATE_HOME"] ?? (environment["HOME"] ?? "") + "/.local/state"
        return base + "/phonebard"
    }

    private func endpoint(_ text: String) throws -> Endpoint {
        guard let colon = text.lastIndex(of: ":"), let address = IPAddress(String(text[..<colon])),
            let port = UInt16(text[text.index(after: colon)...])
        else { throw ValidationError("'\(text)' is no address and port, as in 127.0.0.1:8460 or [::1]:8460") }
        guard address.isLoopback else { throw ValidationError("'\(text)' is not a loopback address") }
        return Endpoint(address, port: port)
    }

    private func hosts() throws -> [String: String] {
        try operationsHost.reduce(into: [:]) { hosts, text in
            let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[1].isEmpty else { throw ValidationError("'\(text)' is not NUMBER=HOST") }
            hosts[String(sides[0])] = String(sides[1])
        }
    }

    private func address(_ text: String) throws -> IPAddress {
        guard let address = IPAddress(text) else { throw ValidationError("'\(text)' is no IP address") }
        return address
    }

    private func device(_ text: String) throws -> AudioDevice {
        guard let device = AudioDevice(text) else { throw ValidationError("'\(text)' is no audio device") }
        return device
    }
}
