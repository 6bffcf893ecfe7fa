import ArgumentParser
import Simulator

@main
struct PlatformSim: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "platform-sim",
        abstract: "The calling platform in a box: user API, registrar, customers who answer, speak and echo.",
        discussion: """
            Seats 1001 to 1010 log in at switchboard number 02566699734 with their extension as password. When it is ready it \
            prints one line of JSON that says where.

            POST /sim/customers/{number}/calls {"extension": "1001"}   a customer calls
            POST /sim/customers/{number}/hangup                        and hangs up
            POST /sim/outage {"sip": true}                             cuts SIP connections until {"sip": false}
            GET  /sim/state                                            seats, calls, the sound of the agents

            A customer's last digits say what he does: 020 never answers, 251 to 259 hang up after 1 to 9 seconds, \
            a refusal code such as 503 refuses the call with it.
            """)

    @Option(help: "Where the certificate authority's certificate goes.")
    var stateDir = ".run/platform-sim"

    @Option(help: "The port of the HTTPS user and scenario API; 0 takes a free one.")
    var port: UInt16 = 0

    @Option(help: "The port of SIP over secure WebSocket; 0 takes a free one.")
    var sipPort: UInt16 = 0

    @Option(help: "A WAV file customers play before they echo, instead of a melody.")
    var greeting: String?

    @Flag(name: .shortAndLong, help: "Log each message's fate.")
    var verbose = false

    func run() async throws {
        try await Program(
            stateDirectory: stateDir, port: port, sipPort: sipPort, greeting: greeting, isVerbose: verbose
        ).run()
    }
}
