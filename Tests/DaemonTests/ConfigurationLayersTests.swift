import Audio
import Crypto
import Daemon
import HTTP
import Logging
import Network
import Testing
import Wire

@Suite("A value comes from the strongest of the layers")
struct ConfigurationLayersTests {
    private func withFolder<Result>(_ body: (ConfigurationFolder) throws -> Result) throws -> Result {
        let folder = try ConfigurationFolder()
        defer { folder.remove() }
        return try body(folder)
    }

    private func line(_ name: String, _ configuration: EffectiveConfiguration) -> String? {
        configuration.report.split(separator: "\n").first { $0.hasPrefix(name + " = ") }.map(String.init)
    }

    @Test(
        "Default < system file < user file < credential < environment < flag: of any two the later one wins",
        arguments: 0...5, 0...5)
    func precedence(first: Int, second: Int) throws {
        try withFolder { folder in
            var arguments: [String] = []
            var environment: [String: String] = [:]
            let origins = [
                "default", "\(folder.path)/system.yaml:1", "\(folder.path)/home/.config/phonebard/config.yaml:1",
                "credential platform.directory.key", "PHONEBARD_PLATFORM_DIRECTORY_KEY",
                "--platform-directory-key-file",
            ]
            for layer in [first, second] {
                let yaml = "platform: {directory: {key: secret\(layer)}}"
                switch layer {
                case 1: try folder.write("system.yaml", yaml)
                case 2: try folder.write("home/.config/phonebard/config.yaml", yaml)
                case 3:
                    try folder.write("credentials/platform.directory.key", "secret3\n")
                    environment["CREDENTIALS_DIRECTORY"] = folder.path + "/credentials"
                case 4: environment["PHONEBARD_PLATFORM_DIRECTORY_KEY"] = "secret4"
                case 5: arguments = ["--platform-directory-key-file", try folder.write("key", "secret5\n")]
                default: break
                }
            }
            let loaded = try folder.load(arguments, environment: environment)
            let strongest = max(first, second)
            #expect(loaded.configuration.directory.key?.value == (strongest == 0 ? nil : "secret\(strongest)"))
            #expect(
                line("platform.directory.key", loaded)
                    == "platform.directory.key = \(strongest == 0 ? "none" : "•••")  (\(origins[strongest]))")
        }
    }

    @Test("Every setting of the file reaches the configuration")
    func everything() throws {
        let configuration = try withFolder { folder in
            let certificate = folder.path + "/certificate.pem"
            try CertificateAuthority(name: "test").write(to: certificate)
            let key = try folder.write("key.pem", "")
            try folder.write(
                "system.yaml",
                """
                control:
                  listen: [192.0.2.1:1, "[::1]:2"]
                  socket: /run/phone.sock
                  certificateFile: \(certificate)
                  keyFile: \(key)
                  allowedHosts: phone.example
                  allowedOrigins: [https://crm.example, http://localhost:3000]
                  answerTimeout: 20s
                stateDirectory: /var/lib/phone
                limits:
                  connections: 10
                  connectionsPerPeer: 5
                  requestLine: 4KiB
                  header: 8192
                  headerFields: 50
                  body: 2MiB
                  headerTimeout: 500ms
                  requestTimeout: 1min
                  idleTimeout: 2min
                  webSocketMessage: 3KiB
                  webSocketQueue: 4MiB
                  gracePeriod: 0s
                journal:
                  path: /var/lib/events
                  maximumAge: 7d
                  maximumSize: 1GiB
                platform:
                  hosts: {025: ops.example, "": other.example:1047}
                  directory:
                    host: list.example
                    version: "2.0"
                    key: hush
                    provinces: {025: Jiangsu}
                  domainHasPort: true
                  socketURI: [wss://gateway.example:4443, wss://other.example]
                  connectTimeout: 7s
                  caFile: \(certificate)
                  pins: [sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=]
                  certificateFile: \(certificate)
                  keyFile: \(key)
                  proxy: {host: "proxy.example:3128", user: seat, password: shush}
                media:
                  addresses: [192.0.2.7, "2001:db8::7"]
                  microphone: tone:440
                  speaker: wav:/tmp/heard.wav
                log:
                  level: debug
                  destination: journal
                """)
            return try folder.load().configuration
        }
        #expect(configuration.endpoints.map(\.description) == ["192.0.2.1:1", "[::1]:2"])
        #expect(configuration.socketPath == "/run/phone.sock")
        #expect(configuration.certificateFile?.hasSuffix("/certificate.pem") == true)
        #expect(configuration.keyFile?.hasSuffix("/key.pem") == true)
        #expect(configuration.allowedHosts == ["phone.example"])
        #expect(configuration.allowedOrigins == ["https://crm.example", "http://localhost:3000"])
        #expect(configuration.answerTimeout == .seconds(20))
        #expect(configuration.stateDirectory == "/var/lib/phone")
        let limits = configuration.limits
        #expect([limits.connections, limits.connectionsPerPeer, limits.fieldCount] == [10, 5, 50])
        #expect([limits.requestLine, limits.header, limits.body] == [4096, 8192, 2 << 20])
        #expect([limits.webSocketMessage, limits.webSocketQueue] == [3072, 4 << 20])
        #expect(
            [limits.headerTime, limits.requestTime, limits.idleTime, configuration.gracePeriod]
                == [.milliseconds(500), .seconds(60), .seconds(120), .zero])
        var journal = Configuration.Journal()
        journal.path = "/var/lib/events"
        journal.maximumAge = .seconds(7 * 86_400)
        journal.maximumSize = 1024 * 1024 * 1024
        #expect(configuration.journal == journal)
        #expect(configuration.hosts == ["025": "ops.example", "": "other.example:1047"])
        var directory = Configuration.DirectoryServer()
        directory.host = "list.example"
        directory.version = "2.0"
        directory.key = Redacted("hush")
        directory.provinces = ["025": "Jiangsu"]
        #expect(configuration.directory == directory)
        #expect(configuration.domainHasPort)
        #expect(configuration.socketURIs == ["wss://gateway.example:4443", "wss://other.example"])
        #expect(configuration.connectTimeout == .seconds(7))
        #expect(configuration.pins.map(\.digest) == [Digest.sha256([])])
        #expect(configuration.identity.certificateFile?.hasSuffix("/certificate.pem") == true)
        #expect(configuration.identity.keyFile?.hasSuffix("/key.pem") == true)
        #expect(configuration.proxyServer.url?.hostAndPort == "proxy.example:3128")
        #expect(configuration.proxyServer.user == "seat")
        #expect(configuration.proxyServer.password?.value == "shush")
        #expect(configuration.authorities?.hasSuffix("/certificate.pem") == true)
        #expect(configuration.mediaAddresses.map(\.description) == ["192.0.2.7", "2001:db8::7"])
        #expect(configuration.microphone == .tone(frequency: 440, level: -20))
        #expect(configuration.speaker == .wav(path: "/tmp/heard.wav", repeats: true))
        #expect(configuration.log.level == .debug)
        #expect(configuration.log.destination == .journal)
    }

    @Test(
        "What is built in follows systemd's folders for a service, the XDG folders otherwise; a relative one is ignored"
    )
    func folders() {
        func built(_ environment: [String: String]) -> [String?] {
            let configuration = Configuration(defaultsFor: Configuration.Sources(environment: environment))
            return [configuration.stateDirectory, configuration.socketPath, configuration.journalPath]
        }
        let home = ["HOME": "/home/a"]
        let state = "/home/a/.local/state/phonebard"
        #expect(built(home) == [state, nil, state + "/journal.sqlite"])
        #expect(
            built(home.merging(["XDG_STATE_HOME": "/s", "XDG_RUNTIME_DIR": "/run/user/1"]) { $1 })
                == ["/s/phonebard", "/run/user/1/phonebard/control.sock", "/s/phonebard/journal.sqlite"])
        #expect(
            built(home.merging(["XDG_STATE_HOME": "s", "XDG_RUNTIME_DIR": "run"]) { $1 })
                == [state, nil, state + "/journal.sqlite"])
        #expect(
            built(["STATE_DIRECTORY": "/var/lib/phonebard", "RUNTIME_DIRECTORY": "/run/phonebard"])
                == ["/var/lib/phonebard", "/run/phonebard/control.sock", "/var/lib/phonebard/journal.sqlite"])
    }

    @Test("XDG_CONFIG_HOME moves the user's file; --config stands in for both files")
    func files() throws {
        try withFolder { folder in
            try folder.write("system.yaml", "log: {level: debug}\nmedia: {speaker: 'null'}")
            try folder.write("elsewhere/phonebard/config.yaml", "log: {level: error}")
            let named = try folder.write("named.yaml", "log:\n  level: trace\n")
            let moved = try folder.load(environment: ["XDG_CONFIG_HOME": folder.path + "/elsewhere"])
            #expect(line("log.level", moved) == "log.level = error  (\(folder.path)/elsewhere/phonebard/config.yaml:1)")
            #expect(line("media.speaker", moved) == "media.speaker = null  (\(folder.path)/system.yaml:2)")
            let replaced = try folder.load(file: named)
            #expect(line("log.level", replaced) == "log.level = trace  (\(named):2)")
            #expect(line("media.speaker", replaced) == "media.speaker = pulse  (default)")
        }
    }

    @Test("A list is separated by commas in a variable, a flag may be repeated; either replaces the weaker list")
    func lists() throws {
        try withFolder { folder in
            try folder.write("system.yaml", "control: {allowedOrigins: ['https://a.example']}")
            let byVariable = try folder.load(
                environment: ["PHONEBARD_CONTROL_ALLOWED_ORIGINS": "https://b.example, https://c.example"])
            #expect(byVariable.configuration.allowedOrigins == ["https://b.example", "https://c.example"])
            let byFlag = try folder.load([
                "--control-allowed-origins=https://d.example", "--control-allowed-origins", "https://e.example",
                "--platform-hosts", "025=a.example,010=b.example",
            ])
            #expect(byFlag.configuration.allowedOrigins == ["https://d.example", "https://e.example"])
            #expect(byFlag.configuration.hosts == ["025": "a.example", "010": "b.example"])
            let cleared = try folder.load(["--control-allowed-origins", "none"])
            #expect(cleared.configuration.allowedOrigins == [])
        }
    }

    @Test("A key file handed over as a systemd credential is used where it is")
    func credentialFile() throws {
        try withFolder { folder in
            let certificate = try folder.write("certificate.pem", "")
            let key = try folder.write("credentials/control.key", "", mode: 0o400)
            let loaded = try folder.load(
                ["--control-certificate-file", certificate],
                environment: ["CREDENTIALS_DIRECTORY": folder.path + "/credentials"])
            #expect(loaded.configuration.keyFile == key)
            #expect(line("control.keyFile", loaded) == "control.keyFile = \(key)  (credential control.key)")
        }
    }
}
