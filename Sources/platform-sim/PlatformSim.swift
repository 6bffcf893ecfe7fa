import ArgumentParser
import Simulator

@main
struct PlatformSim: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "platform-sim",
        abstract: "The calling platform in a box: user API, registrar, customers who speak and echo, supervisors.",
        discussion: """
            Seats 1001 to 1010 log in at switchboard number 02566699734 with their extension as password; 1010 is a supervisor. \
            When it is ready it prints one line of JSON that says where everything is.

            The scenario API under `scenario` makes things happen; its contract is at openapi.yaml there. Among it:

            POST /sim/customers/{number}/calls {"extension": "1001"}   a customer calls
            POST /sim/customers/{number}/hangup                        and hangs up
            POST /sim/seats/{extension}/kick {"reason": 895}           a seat is logged out
            POST /sim/outage {"sip": true}                             cuts SIP connections until {"sip": false}
            GET  /sim/state                                            seats, calls, and what they hear

            A customer's last digits say what he does: 020 never answers, 251 to 259 hang up after 1 to 9 seconds, \
            a refusal code such as 503 refuses the call with it.
            """, version: "0.1.0")

    @Option(help: "Where the certificate authority's certificate goes.")
    var stateDir = ".run/platform-sim"

    @Option(help: "The port of the HTTPS user and scenario API; 0 takes a free one.")
    var port: UInt16 = 0

    @Option(help: "The port of SIP over secure WebSocket; 0 takes a free one.")
    var sipPort: UInt16 = 0

    @Option(help: "A WAV file customers play before they echo, instead of a melody.")
    var greeting: String?

    @Option(help: "How many seats there are, from 1001 on; 1099 has expired.")
    var seats = 10

    @Flag(name: .shortAndLong, help: "Log each message's fate.")
    var verbose = false

    func validate() throws {
        guard 1...8000 ~= seats else { throw ValidationError("There are 1 to 8000 seats.") }
    }

    func run() async throws {
        try await Program(
            stateDirectory: stateDir, port: port, sipPort: sipPort, greeting: greeting, seats: seats,
            isVerbose: verbose
        ).run()
    }
}
