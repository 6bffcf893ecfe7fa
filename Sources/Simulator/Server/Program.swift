import Audio
import FoundationEssentials
import Glibc
import Logging
import Service
import Wire

/// What the program `platform-sim` does between its flags and its exit code.
package struct Program: Sendable {
    package var stateDirectory: String
    package var port: UInt16
    package var sipPort: UInt16
    package var greeting: String?
    package var seats: Int
    package var isVerbose: Bool

    package init(
        stateDirectory: String, port: UInt16, sipPort: UInt16, greeting: String?, seats: Int, isVerbose: Bool
    ) {
        self.stateDirectory = stateDirectory
        self.port = port
        self.sipPort = sipPort
        self.greeting = greeting
        self.seats = seats
        self.isVerbose = isVerbose
    }

    /// Serves until SIGINT or SIGTERM.
    package func run() async throws {
        var configuration = PlatformServer.Configuration(stateDirectory: stateDirectory)
        configuration.port = port
        configuration.sipPort = sipPort
        configuration.platform.world = .enterprise(seats: seats)
        configuration.greeting = greeting.map { .wav(path: $0, repeats: false) }
        var logger = Logger(label: "platform-sim") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = isVerbose ? .debug : .warning
        let termination = Termination()
        let server = PlatformServer(configuration: configuration, logger: logger)
        try Self.announce(try await server.start())
        await termination.wait()
        await server.stop()
    }

    /// The one line a starter waits for.
    private static func announce(_ addresses: PlatformServer.Addresses) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line: JSON = [
            "ca": .string(addresses.authorityFile), "port": .integer(Int64(addresses.http.port)),
            "sipPort": .integer(Int64(addresses.sip.port)), "url": .string("https://\(addresses.http)"),
            "scenario": .string("https://\(addresses.http)/sim"),
            "socketUri": .string("wss://\(addresses.sip)"),
        ]
        print(String(decoding: try encoder.encode(line), as: UTF8.self))
        fflush(nil)
    }
}
