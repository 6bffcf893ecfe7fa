import ArgumentParser

/// Measures the SIP core, without sockets; each subcommand prints JSON for `deploy/bench-sip`.
@main
struct SIPBench: ParsableCommand {
    static let configuration = CommandConfiguration(subcommands: [Messages.self, Registrations.self])
}
