import ControlAPI
import Daemon
import Foundation
import Testing
import Wire

@Suite("phonebar and phonebard token, as run", .serialized, .timeLimit(.minutes(2)))
struct LiveClientTests {
    /// Over the Unix socket unless told otherwise.
    private func phonebar(
        _ house: LiveHouse, _ arguments: String..., environment: [String: String]? = nil, input: String = ""
    ) async throws -> LiveProcess.Outcome {
        try await LiveProcess(
            own: "phonebar", arguments, environment: environment ?? ["PHONEBAR_SOCKET": house.socket]
        ).run(input: input)
    }

    @Test("status shows seats and the place in the log, as a table or as JSON")
    func status() async throws {
        let house = try await LiveHouse.open()
        let position = try #require(try await house.get("state").body["position"])
        let table = try await phonebar(house, "status")
        #expect(
            table.output == """
                SEAT     USER  REGISTRATION  STATE
                default  -     loggedOut     offline

                events at \(position["epoch"]?.string ?? ""):0

                """)
        #expect(table.errors == "")
        let json = try await phonebar(house, "status", "--json")
        let state = try JSONDecoder().decode(JSON.self, from: Data(json.output.utf8))
        #expect(state["position"] == position)
        #expect([table.status, json.status] == [0, 0])
        await house.close()
    }

    @Test("The exit status says what went wrong: 1 refused, 2 usage, 3 unreachable, 4 not authorised")
    func exitStatus() async throws {
        let house = try await LiveHouse.open()
        let url = ["PHONEBAR_URL": house.url]
        #expect(try await phonebar(house, "api", "GET", "/healthz", environment: url).status == 0)
        #expect(try await phonebar(house, "api", "GET", "nothing").status == 1)
        for arguments in [["frob"], ["events", "--after", "x"], ["token", "create"], ["status", "--url", "x"]] {
            let outcome = try await LiveProcess(own: "phonebar", arguments, environment: [:]).run()
            #expect(outcome.status == 2, "\(arguments)")
            #expect(outcome.errors.contains("Usage:"), "\(arguments)")
        }
        let nowhere = ["PHONEBAR_SOCKET": house.socket + "x"]
        #expect(try await phonebar(house, "status", environment: nowhere).status == 3)
        #expect(try await phonebar(house, "events", "--follow", environment: nowhere).status == 3)
        let wrong = url.merging(["PHONEBAR_TOKEN": "wrong"]) { $1 }
        for arguments in [["status"], ["events", "--follow"], ["api", "GET", "nothing"]] {
            let outcome = try await LiveProcess(own: "phonebar", arguments, environment: wrong).run()
            #expect(outcome.status == 4)
            #expect(outcome.errors.hasPrefix("phonebar: A valid bearer token is needed."))
        }
        await house.close()
    }

    @Test("Output that cannot be written ends the program with 5, and is said")
    func unwritableOutput() async throws {
        let house = try await LiveHouse.open()
        let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/phonebar"
        let outcome = try await LiveProcess(
            "/bin/sh", ["-c", "\(program) status >/dev/full"], environment: ["PHONEBAR_SOCKET": house.socket]
        ).run()
        #expect(outcome.status == 5)
        #expect(outcome.errors == "phonebar: the output cannot be written\n")
        await house.close()
    }

    @Test("The token comes from the environment, a named file, or the daemon's own file")
    func tokenSources() async throws {
        let house = try await LiveHouse.open()
        let home = URL(filePath: house.stateDirectory).deletingLastPathComponent().path
        try FileManager.default.createSymbolicLink(
            atPath: home + "/phonebard", withDestinationPath: house.stateDirectory)
        for environment in [
            ["PHONEBAR_TOKEN": house.token], ["PHONEBAR_TOKEN_FILE": house.tokenFile], ["XDG_STATE_HOME": home],
        ] {
            let outcome = try await phonebar(house, "status", "--url", house.url, environment: environment)
            #expect(outcome.status == 0, "\(environment.keys)")
        }
        let named = try await phonebar(
            house, "status", "--url", house.url, "--token-file", house.tokenFile, environment: [:])
        #expect(named.status == 0)
        await house.close()
    }

    @Test("Tokens are made, listed and revoked through the daemon and in its state directory, each seeing the other's")
    func tokens() async throws {
        let house = try await LiveHouse.open()
        let made = try await phonebar(house, "token", "create", "--name", "crm", "--scope", "read,call")
        let secret = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(secret.count == 43)
        #expect(try await house.get("state", token: secret).status == 200)
        let id = String(made.errors.trimmingCharacters(in: .whitespacesAndNewlines).dropFirst("id ".count))

        let state = ["--state-directory", house.stateDirectory]
        let listed = try await LiveProcess(own: "phonebard", ["token", "list"] + state, environment: ["HOME": "/"])
            .run()
        #expect(listed.output.contains("\(id)\tread,call\t"))
        let other = try await LiveProcess(
            own: "phonebard", ["token", "create", "--name", "b", "--scope", "read"] + state, environment: ["HOME": "/"]
        ).run()
        let otherSecret = other.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try await house.get("state", token: otherSecret).status == 200)
        let revoked = try await LiveProcess(
            own: "phonebard", ["token", "revoke", id] + state, environment: ["HOME": "/"]
        ).run()
        #expect(revoked.status == 0)
        #expect(try await house.get("state", token: secret).status == 401)

        let table = try await phonebar(house, "token", "list").output.split(separator: "\n").map { $0.prefix(11) }
        #expect(table.count == 3)
        #expect(table[1] == "first-start")
        #expect(try await phonebar(house, "token", "revoke", id).status == 1)
        await house.close()
    }

    @Test("api sends a body from the command line, a file or the standard input, and prints the answer")
    func api() async throws {
        let house = try await LiveHouse.open()
        let file = house.stateDirectory + "/call.json"
        try Data(#"{"number":"10010"}"#.utf8).write(to: URL(filePath: file))
        for (body, input) in [(#"{"number":"10010"}"#, ""), ("@" + file, ""), ("-", #"{"number":"10010"}"#)] {
            let outcome = try await phonebar(house, "api", "post", "call", body, input: input)
            let problem = try JSONDecoder().decode(JSON.self, from: Data(outcome.output.utf8))
            #expect(problem["type"] == "urn:phonebard:problem:not-logged-in")
            #expect(outcome.status == 1)
        }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let contract = try String(contentsOf: root.appending(path: "openapi.yaml"), encoding: .utf8)
        #expect(try await phonebar(house, "api", "GET", "/openapi.yaml").output == contract)
        await house.close()
    }

    @Test("events shows the log and ends; after a place only what came since")
    func events() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        #expect(try await phonebar(house, "events", "--json").output == "")
        try await house.logIn(events)
        let all = try await phonebar(house, "events", "--json").output.split(separator: "\n")
        let decoded = try all.map { try JSONDecoder().decode(JSON.self, from: Data($0.utf8)) }
        #expect(decoded.map { $0["seq"] } == [1, 2, 3, 4, 5])
        let epoch = decoded.first?["epoch"]?.string ?? ""
        let rest = try await phonebar(house, "events", "--after", "\(epoch):4")
        #expect(rest.output.hasSuffix("statusChanged {\"status\":1}\n") || rest.output.contains("statusChanged"))
        #expect(rest.output.split(separator: "\n").count == 1)
        #expect(try await phonebar(house, "events", "--after", "\(epoch):5").output == "")
        let words = try await phonebar(house, "events").output.split(separator: "\n").prefix(3)
        let gateway = try #require(decoded.first?["data"]?["connection"]?["gateway"]?.string)
        #expect(words.first?.hasSuffix(" registration connecting to \(gateway)") == true)
        #expect(words.dropFirst().first?.hasSuffix(" registration registering at \(gateway)") == true)
        #expect(words.last?.contains(#/ registration registered until \d\d:\d\d:\d\dZ$/#) == true)
        await house.close()
    }

    @Test("Colours are for terminals, and not when NO_COLOR is set (no-color.org)")
    func colours() async throws {
        let house = try await LiveHouse.open()
        let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "phonebar")
            .path
        for (setting, hasColours) in [("", true), ("1", false)] {
            let outcome = try await LiveProcess(
                "/usr/bin/python3", ["-c", "import pty, sys; pty.spawn(sys.argv[1:])", program, "status"],
                environment: ["PHONEBAR_SOCKET": house.socket, "NO_COLOR": setting, "TERM": "xterm"]
            ).run()
            #expect(outcome.output.contains("\u{1B}[1mSEAT") == hasColours)
        }
        await house.close()
    }

    @Test("There are completions for bash, zsh and fish", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) async throws {
        let outcome = try await LiveProcess(
            own: "phonebar", ["--generate-completion-script", shell], environment: [:]
        ).run()
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("phonebar"))
    }
}
