import ControlAPI
import Daemon
import Testing
import Wire

@Suite("What the configuration has under names of its owner's: logins of seats, accounts at TURN servers")
struct ConfigurationSeatsTests {
    private let folder: ConfigurationFolder

    init() throws {
        folder = try ConfigurationFolder()
    }

    @Test("Each seat has its own below its name, the password in a file or as a credential, and is in the report")
    func seats() throws {
        defer { folder.remove() }
        let password = try folder.write("anna", "secret\n")
        try folder.write("credentials/seats.b.2.password", "other")
        try folder.write(
            "system.yaml",
            """
            platform: {socketURI: wss://gateway.example}
            seats:
              anna: {un: "1001", switchnumber: "025", passwordFile: \(password)}
              b.2:
                un: 1002
                switchnumber: "025"
                gid: 2033
            """)
        let effective = try folder.load(environment: ["CREDENTIALS_DIRECTORY": folder.path + "/credentials"])
        let logins = effective.configuration.logins
        #expect(logins.map(\.key.text).sorted() == ["anna", "b.2"])
        let (anna, bert) = (logins.first { $0.key.text == "anna" }?.value, logins.first { $0.key.text == "b.2" }?.value)
        #expect(anna?.un == "1001")
        #expect(anna?.password == Redacted("secret"))
        #expect(bert?.gid == "2033")
        #expect(bert?.password == Redacted("other"))
        let report = effective.report.split(separator: "\n").map(String.init)
        #expect(report.contains("seats.anna.un = 1001  (\(folder.path)/system.yaml:3)"))
        #expect(report.contains("seats.b.2.password = •••  (credential seats.b.2.password)"))
    }

    @Test("What is missing, unknown or no seat is a fault; the seat `default` has `login`")
    func faults() throws {
        defer { folder.remove() }
        try folder.write(
            "system.yaml",
            """
            seats:
              anna: {un: "1001"}
              bert: {unn: "1002"}
              default: {un: "1003"}
              "c d": {un: "1004"}
              dora: none
            """)
        let faults = folder.faults()
        #expect(faults.contains("system.yaml:2: seats.anna.un needs seats.anna.password"))
        #expect(faults.contains("system.yaml:2: seats.anna.un needs seats.anna.switchnumber"))
        #expect(faults.count { $0.hasPrefix("system.yaml:3: ") && $0.contains("seats.bert.unn") } == 1)
        #expect(faults.count { $0.hasPrefix("system.yaml:4: ") && $0.contains("seats.default") } == 1)
        #expect(faults.count { $0.hasPrefix("system.yaml:5: ") && $0.contains("seats.c d") } == 1)
        #expect(faults.count { $0.hasPrefix("system.yaml:6: ") && $0.contains("further keys below it") } == 1)
    }

    @Test("TURN servers with accounts of their own stand below names, beside those that share one")
    func relays() throws {
        defer { folder.remove() }
        let password = try folder.write("office", "secret\n")
        try folder.write("credentials/media.relays.b.password", "other")
        try folder.write(
            "system.yaml",
            """
            media:
              iceServers: stun:stun.example
              icePolicy: relay
              relays:
                office: {servers: ["turn:turn.example", "turns:turn.example"], user: u1, passwordFile: \(password)}
                b: {servers: "turn:b.example", user: u2}
            """)
        let effective = try folder.load(environment: ["CREDENTIALS_DIRECTORY": folder.path + "/credentials"])
        let groups = effective.configuration.relays.groups
        #expect(groups.keys.sorted() == ["b", "office"])
        #expect(groups["office"]?.servers.count == 2)
        #expect(groups["office"]?.password == Redacted("secret"))
        #expect(groups["b"]?.user == "u2")
        #expect(groups["b"]?.password == Redacted("other"))
        #expect(effective.configuration.relays.group.servers.count == 1)
        #expect(effective.report.contains("media.relays.b.password = •••  (credential media.relays.b.password)"))
    }

    @Test("A relay's account is whole and has servers") func relayFaults() throws {
        defer { folder.remove() }
        try folder.write("system.yaml", "media:\n  relays:\n    office: {user: u1}\n    c: {server: turn:c}\n")
        let faults = folder.faults()
        #expect(faults.contains("system.yaml:3: media.relays.office.user needs media.relays.office.password"))
        #expect(faults.contains("system.yaml:3: media.relays.office.user needs media.relays.office.servers"))
        #expect(faults.count { $0.hasPrefix("system.yaml:4: ") && $0.contains("media.relays.c.server") } == 1)
    }
}
