import Daemon
import Testing

@Suite("All that is wrong with a configuration is said at once")
struct ConfigurationFaultsTests {
    /// The faults of one file of the system.
    private func faults(_ yaml: String, mode: Int = 0o600) throws -> [String] {
        try withFolder { folder in
            try folder.write("system.yaml", yaml, mode: mode)
            return folder.faults()
        }
    }

    private func withFolder<Result>(_ body: (ConfigurationFolder) throws -> Result) throws -> Result {
        let folder = try ConfigurationFolder()
        defer { folder.remove() }
        return try body(folder)
    }

    @Test("An unknown key is named with its line and the key it most likely means")
    func unknownKeys() throws {
        #expect(
            try faults(
                """
                control:
                  listne: 127.0.0.1:1
                  colour: red
                contorl:
                  listen: 127.0.0.1:1
                limits:
                  request_line: 1KiB
                journal:
                  limits:
                    maximumAge: 1d
                speaker: "null"
                """) == [
                    "system.yaml:2: control.listne: unknown; did you mean control.listen?",
                    "system.yaml:3: control.colour: unknown",
                    "system.yaml:4: contorl: unknown; did you mean control?",
                    "system.yaml:7: limits.request_line: unknown; did you mean limits.requestLine?",
                    "system.yaml:9: journal.limits: unknown; did you mean limits?",
                    "system.yaml:11: speaker: unknown; did you mean media.speaker?",
                ])
    }

    @Test("A value that does not fit is named with its line, its key and what is expected")
    func misfits() throws {
        #expect(
            try faults(
                """
                control:
                  listen: [127.0.0.1:1, "localhost:2"]
                  allowedHosts: [a b]
                  allowedOrigins: "*"
                  answerTimeout: 20
                limits:
                  connections: many
                  header: 16KB
                  body: 2GiB
                  idleTimeout: 1h
                  gracePeriod: 10min
                  headerFields: [1]
                platform:
                  hosts: [025]
                  domainHasPort: yes
                  socketURI: https://gateway.example
                  directory: list.example
                media:
                  addresses: {a: b}
                  microphone: mic
                  speaker: tone:440
                log:
                  level: loud
                  destination:
                """) == [
                    """
                    system.yaml:2: control.listen: expected an address and port such as 127.0.0.1:8460 or [::1]:8460, \
                    found "localhost:2"
                    """,
                    """
                    system.yaml:3: control.allowedHosts: expected a host name or address, with a port if need be, \
                    found "a b"
                    """,
                    """
                    system.yaml:4: control.allowedOrigins: expected a web page's origin such as https://crm.example, \
                    without the scheme's own port, found "*"
                    """,
                    "system.yaml:5: control.answerTimeout: expected a duration from 1s to 5min, found \"20\"",
                    "system.yaml:7: limits.connections: expected a whole number from 1 to 100000, found \"many\"",
                    "system.yaml:8: limits.header: expected a size from 1KiB to 1MiB, found \"16KB\"",
                    "system.yaml:9: limits.body: expected a size from 1KiB to 1GiB, found \"2GiB\"",
                    "system.yaml:11: limits.gracePeriod: expected a duration from 0ms to 5min, found \"10min\"",
                    "system.yaml:12: limits.headerFields: expected a whole number from 10 to 10000, found a list",
                    """
                    system.yaml:14: platform.hosts: expected NUMBER=HOST[:PORT], where HOST[:PORT] is a host name or \
                    address, with a port if need be, found a list
                    """,
                    "system.yaml:15: platform.domainHasPort: expected true or false, found \"yes\"",
                    """
                    system.yaml:16: platform.socketURI: expected a URI such as wss://gateway.example:4443, \
                    found "https://gateway.example"
                    """,
                    "system.yaml:17: platform.directory: expected further keys below it, found \"list.example\"",
                    "system.yaml:19: media.addresses: expected an IP address, found a mapping",
                    """
                    system.yaml:20: media.microphone: expected pulse[:SOURCE,…], wav:FILE[,once], \
                    tone:HERTZ[,DECIBELS] or null, found "mic"
                    """,
                    "system.yaml:21: media.speaker: expected pulse[:SINK,…], wav:FILE or null, found \"tone:440\"",
                    """
                    system.yaml:23: log.level: expected trace, debug, info, notice, warning, error or critical, \
                    found "loud"
                    """,
                    "system.yaml:24: log.destination: expected automatic, stderr or journal, found nothing",
                ])
    }

    @Test("The faults of all layers come together, variables and flags by their own names")
    func allLayers() throws {
        try withFolder { folder in
            try folder.write("system.yaml", "log: {levle: info}")
            try folder.write("home/.config/phonebard/config.yaml", "\nlimits: {body: 0}")
            let faults = folder.faults(
                [
                    "--log-levl", "debug", "--limits-header=many", "--journal-path", "/a", "--journal-path", "/b",
                    "stray",
                ],
                environment: [
                    "PHONEBARD_LIMITS_BODY": "", "PHONEBARD_LOG_LEVLE": "info", "PHONEBARD_TEST_PYTHON": "/usr/bin",
                ])
            #expect(
                faults == [
                    "system.yaml:1: log.levle: unknown; did you mean log.level?",
                    """
                    home/.config/phonebard/config.yaml:2: limits.body: expected a size from 1KiB to 1GiB, found "0"
                    """,
                    "PHONEBARD_LIMITS_BODY: expected a size from 1KiB to 1GiB, found nothing",
                    "PHONEBARD_LOG_LEVLE: unknown; did you mean PHONEBARD_LOG_LEVEL?",
                    "--log-levl: unknown; did you mean --log-level?",
                    "stray: unknown",
                    "--journal-path: given twice",
                    "--limits-header: expected a size from 1KiB to 1MiB, found \"many\"",
                ])
        }
    }

    @Test("What is not YAML is said with its line")
    func notYAML() throws {
        #expect(
            try faults("log:\n  level: [info\nmedia: 1") == [
                "system.yaml:3: this is not YAML: did not find expected ',' or ']'"
            ])
        #expect(try faults("log: {level: info}\nlog: {level: debug}") == ["system.yaml:1: log: given twice"])
        #expect(try faults("- a\n- b") == ["system.yaml:1: this is not YAML: the file has no keys"])
        #expect(try faults("\u{7}") == ["system.yaml: this is not YAML: control characters are not allowed"])
        #expect(try faults("") == [])
        #expect(try faults("# nothing\nlimits:\n") == [])
    }

    @Test("A file that must be there and is not, is a folder, not text or too large")
    func unreadable() throws {
        try withFolder { folder in
            #expect(
                folder.faults(file: folder.path + "/absent.yaml")
                    == ["absent.yaml: cannot read absent.yaml: No such file or directory"])
            #expect(folder.faults(file: folder.path).count == 1)
            let large = try folder.write("large.yaml", String(repeating: "# a line\n", count: 200_000))
            #expect(folder.faults(file: large) == ["large.yaml: large.yaml is larger than 1048576 bytes"])
            #expect(
                folder.faults(["--platform-ca-file", folder.path + "/ca.pem"])
                    == ["--platform-ca-file: cannot read ca.pem: No such file or directory"])
            let text = try folder.write("text.pem", "hello")
            #expect(
                folder.faults(["--platform-ca-file", text, "--media-ice-cafile", text]) == [
                    "--media-ice-cafile: cannot read text.pem: there is no certificate in it",
                    "--platform-ca-file: cannot read text.pem: there is no certificate in it",
                ])
        }
    }

    @Test("A WAV file that cannot be played, as a tone or as the microphone")
    func unplayable() throws {
        try withFolder { folder in
            let text = try folder.write("text.wav", "hello")
            #expect(
                folder.faults(["--media-tones-ring", text, "--media-microphone", "wav:" + text + ",once"])
                    == ["microphone", "tones-ring"].map { name in
                        """
                        --media-\(name): cannot read text.wav: it is no WAV file of up to ten minutes, PCM, float or G.711 \
                        at 8 to 192 kHz
                        """
                    })
            #expect(
                folder.faults(["--media-microphone", "wav:" + folder.path + "/none.wav"])
                    == ["--media-microphone: cannot read none.wav: No such file or directory"])
        }
    }

    @Test("A secret everyone may read is refused, in whichever file it is")
    func worldReadable() throws {
        try withFolder { folder in
            let secret = try folder.write("secret", "hush\n", mode: 0o644)
            let certificate = try folder.write("certificate.pem", "")
            try folder.write("system.yaml", "platform:\n  directory: {key: hush}\n", mode: 0o604)
            try folder.write("credentials/platform.directory.key", "hush", mode: 0o444)
            let faults = folder.faults(
                ["--control-key-file", secret, "--control-certificate-file", certificate],
                environment: [
                    "PHONEBARD_PLATFORM_DIRECTORY_KEY_FILE": secret,
                    "CREDENTIALS_DIRECTORY": folder.path + "/credentials",
                ])
            #expect(
                faults == [
                    """
                    system.yaml:2: platform.directory.key is a secret and everyone may read this file (mode 0604); \
                    chmod o= it
                    """,
                    """
                    credential platform.directory.key: credentials/platform.directory.key holds a secret and everyone \
                    may read it (mode 0444); chmod o= it
                    """,
                    """
                    PHONEBARD_PLATFORM_DIRECTORY_KEY_FILE: secret holds a secret and everyone may read it (mode 0644); \
                    chmod o= it
                    """,
                    "--control-key-file: secret holds a secret and everyone may read it (mode 0644); chmod o= it",
                    "--control-certificate-file: control.certificateFile needs control.keyFile",
                ])
        }
    }

    @Test("A secret is no flag, never shown, and given in one way only")
    func secrets() throws {
        try withFolder { folder in
            let empty = try folder.write("empty", "")
            let secret = try folder.write("secret", "hush")
            try folder.write("system.yaml", "platform:\n  directory:\n    key: hush\n    keyFile: \(secret)\n")
            #expect(
                folder.faults(
                    ["--platform-directory-key", "hush"], environment: ["PHONEBARD_PLATFORM_DIRECTORY_KEY_FILE": empty])
                    == [
                        "system.yaml:4: platform.directory.keyFile and system.yaml:3 exclude each other",
                        "PHONEBARD_PLATFORM_DIRECTORY_KEY_FILE: empty is empty",
                        "--platform-directory-key: unknown; did you mean --platform-directory-key-file?",
                    ])
            try folder.write("system.yaml", "platform: {directory: {key: [hush]}}")
            #expect(folder.faults() == ["system.yaml:1: platform.directory.key: expected a secret or none"])
        }
    }

    @Test("Values that fit alone but not together")
    func contradictions() throws {
        try withFolder { folder in
            let key = try folder.write("key.pem", "")
            #expect(
                folder.faults(["--control-listen", "127.0.0.1:1,0.0.0.0:8460"])
                    == ["--control-listen: control.listen beyond loopback (0.0.0.0:8460) needs control.certificateFile"]
            )
            #expect(
                folder.faults(["--control-key-file", key])
                    == ["--control-key-file: control.keyFile needs control.certificateFile"])
            #expect(
                folder.faults(["--platform-directory-host", "list.example"])
                    == ["--platform-directory-host: platform.directory.host needs platform.directory.key"])
            #expect(
                folder.faults(["--platform-key-file", key, "--platform-proxy-user", "me"]) == [
                    "--platform-key-file: platform.keyFile needs platform.certificateFile",
                    "--platform-proxy-user: platform.proxy.user needs platform.proxy.password",
                    "--platform-proxy-user: platform.proxy.user needs platform.proxy.host",
                ])
            #expect(
                folder.faults(["--login-un", "1001", "--login-callintype", "4"]) == [
                    "--login-un: login.un needs login.password", "--login-un: login.un needs login.switchnumber",
                    "--login-callintype: login.callintype needs login.number",
                    "--login-un: login.un needs platform.socketURI",
                ])
            #expect(
                folder.faults(["--media-ice-policy", "relay", "--media-ice-servers", "stun:stun.example"])
                    == ["--media-ice-policy: media.icePolicy relay needs a TURN server in media.iceServers"])
            let password = try folder.write("password", "1001\n")
            #expect(
                folder.faults(["--login-password-file", password])
                    == ["--login-password-file: login.password needs login.un"])
            #expect(
                folder.faults(["--platform-pins", "sha256//AAAA", "--platform-proxy-host", "proxy.example"]) == [
                    """
                    --platform-pins: expected sha256// and a digest of 32 bytes in Base 64, found "sha256//AAAA"
                    """,
                    "--platform-proxy-host: expected a host name or address and a port or none, found \"proxy.example\"",
                ])
        }
    }

    @Test("What a fault quotes is short and printable")
    func quoting() throws {
        let long = String(repeating: "x", count: 200)
        #expect(
            try faults("log: {level: \"\\n\(long)\"}") == [
                """
                system.yaml:1: log.level: expected trace, debug, info, notice, warning, error or critical, \
                found "\\n\(String(repeating: "x", count: 59))…"
                """
            ])
    }
}
