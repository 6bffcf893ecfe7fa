import ArgumentParser
import Service
import Wire

/// A real call with sound both ways, out and in, between the daemon and the platform in a box.
@main
struct Demo: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Places a call and answers one, and leaves daemon and platform running.")

    @Option(help: "Folder of the programs' state and logs.")
    var stateDir = ".run/demo"

    @Flag(help: "End when both calls are over.")
    var once = false

    private static let credentials: JSON = [
        "un": "1001", "pwd": "1001", "switchnumber": "02566699734", "gid": "2033",
    ]

    func run() async throws {
        let termination = Termination()
        let house = try await House.start(stateDirectory: stateDir)
        defer { house.stop() }
        do {
            try await calls(in: house)
        } catch {
            print("\nThe demo failed: \(error)\nThe logs are in \(stateDir).")
            throw ExitCode.failure
        }
        guard !once else { return }
        print(house.invitation)
        await termination.wait()
        print("\nStopping.")
    }

    private func calls(in house: House) async throws {
        print("\n1. Log seat 1001 in\n")
        _ = try await house.post("getUser", Self.credentials)
        _ = try await house.post("init", Self.credentials)
        _ = try await house.event("register")
        _ = try await house.event("statusChanged")

        print("\n2. Call a customer outside; he answers, plays a melody, then echoes the agent's 440 Hz\n")
        _ = try await house.post("call", ["number": "13800000001"])
        let response = try await house.event("callEvent", "calloutResponse")
        _ = try await house.event("callEvent", "answeredPBXCall")
        try await house.listen()
        _ = try await house.post("terminate", ["ccNumber": response["c"] ?? ""])
        _ = try await house.event("callEvent", "endPBXCall")

        print("\n3. A customer calls; the seat answers; the customer hangs up\n")
        try await house.customer("13900000002", "calls", ["extension": "1001"])
        let offer = try await house.event("callEvent", "newPBXCall")
        _ = try await house.post("answerPBXCall", ["ccNumber": offer["c"] ?? ""])
        _ = try await house.event("callEvent", "answeredPBXCall")
        try await house.listen()
        try await house.customer("13900000002", "hangup", [:])
        _ = try await house.event("callEvent", "endPBXCall")
    }
}
