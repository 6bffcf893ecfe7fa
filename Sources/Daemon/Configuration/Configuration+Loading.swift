import Configuration
import ControlAPI
import Engine
import ICE
import Synchronization
import Wire

extension Configuration {
    /// Where a configuration is looked for.
    package struct Sources: Sendable {
        /// The flags, as given.
        package var arguments: [String]
        package var environment: [String: String]
        /// A file to read in place of the two usual ones.
        package var file: String?
        package var systemFile = "/etc/phonebard/config.yaml"

        package init(arguments: [String] = [], environment: [String: String], file: String? = nil) {
            self.arguments = arguments
            self.environment = environment
            self.file = file
        }

        /// The one of the user.
        package var userFile: String? {
            directory("XDG_CONFIG_HOME", else: "/.config").map { $0 + "/phonebard/config.yaml" }
        }

        /// The folder a variable of the XDG base directory specification names, which ignores relative ones.
        fileprivate func directory(_ variable: String, else below: String) -> String? {
            if let path = environment[variable], path.hasPrefix("/") { return path }
            return environment["HOME"].map { $0 + below }
        }

        /// Weakest first.
        fileprivate var layers: [Layer] {
            var layers: [Layer] = []
            if let file {
                layers.append(Layer(file: file, mustExist: true))
            } else {
                layers.append(Layer(file: systemFile, mustExist: false))
                if let userFile { layers.append(Layer(file: userFile, mustExist: false)) }
            }
            if let directory = environment["CREDENTIALS_DIRECTORY"] {
                layers.append(Layer(credentialsIn: directory))
            }
            return layers + [Layer(environment: environment), Layer(flags: arguments)]
        }
    }

    /// What is built in: systemd's folders for a service, those of the user otherwise.
    package init(defaultsFor sources: Sources) {
        let stateDirectory =
            sources.environment["STATE_DIRECTORY"]
            ?? sources.directory("XDG_STATE_HOME", else: "/.local/state").map { $0 + "/phonebard" }
        self.init(
            endpoints: [.loopback4, .loopback6].map { Endpoint($0, port: Self.defaultPort) },
            stateDirectory: stateDirectory ?? "phonebard")
        if let runtimeDirectory = sources.environment["RUNTIME_DIRECTORY"] {
            socketPath = runtimeDirectory + "/control.sock"
        } else if let runtimeDirectory = sources.environment["XDG_RUNTIME_DIR"], runtimeDirectory.hasPrefix("/") {
            socketPath = runtimeDirectory + "/phonebard/control.sock"
        }
    }
}

/// A configuration and where each of its values comes from.
package struct EffectiveConfiguration: Sendable {
    package private(set) var configuration: Configuration
    /// Everything that can be configured, and what is configured of seats by their names.
    private let settings: [Setting]
    /// By the setting's name; what is missing is built in.
    private var origins: [String: Origin] = [:]

    package init(_ sources: Configuration.Sources) throws(Faults) {
        let layers = sources.layers
        self.init(layers: layers.reversed(), defaults: Configuration(defaultsFor: sources))
        let faults = layers.flatMap(\.faults) + contradictions
        guard faults.isEmpty else { throw Faults(all: faults) }
    }

    /// - Parameter layers: strongest first.
    private init(layers: [Layer], defaults: Configuration) {
        configuration = defaults
        var named: [String: Setting] = [:]
        for entry in layers.flatMap(\.entries.values)
        where !Configuration.namedSettings(for: entry.setting.name).isEmpty {
            named[entry.setting.name] = entry.setting
        }
        settings = Configuration.settings + named.values.sorted { $0.name < $1.name }
        let winner = Winner()
        let reader = ConfigReader(providers: layers.map(\.provider), accessReporter: winner)
        for setting in settings {
            guard let texts = reader.stringArray(forKey: ConfigKey(setting.name), isSecret: setting.isSecret) else {
                continue
            }
            origins[setting.name] = winner.index.flatMap { layers[$0].entries[setting.name]?.origin }
            do {
                try setting.assign(texts, &configuration)
            } catch {
                preconditionFailure("a layer holds only values that fit")
            }
        }
    }

    func origin(of name: String) -> Origin { origins[name] ?? .builtIn }
}

/// Remembers which provider had the value read last, counted from the first.
private final class Winner: AccessReporter {
    private let last: Mutex<Int?> = Mutex(nil)

    var index: Int? { last.withLock { $0 } }

    func report(_ event: AccessEvent) {
        let index = event.providerResults.firstIndex { (try? $0.result.get())?.value != nil }
        last.withLock { $0 = index }
    }
}

extension Layer {
    fileprivate var provider: InMemoryProvider {
        let values = entries.map { name, entry in
            let key = AbsoluteConfigKey(name.split(separator: ".").map(String.init))
            return (key, ConfigValue(.stringArray(entry.texts), isSecret: entry.setting.isSecret))
        }
        return InMemoryProvider(name: name, values: Dictionary(values) { first, _ in first })
    }
}

extension EffectiveConfiguration {
    /// Values that fit by themselves but not together.
    private var contradictions: [Fault] {
        var faults: [Fault] = []
        func need(_ missing: String, for name: String, _ detail: String = "") {
            faults.append(
                Fault(origin: origin(of: name), reason: .missing(missing, neededFor: name + detail)))
        }
        let isSecured = configuration.certificateFile != nil
        if isSecured, configuration.keyFile == nil { need("control.keyFile", for: "control.certificateFile") }
        if !isSecured, configuration.keyFile != nil { need("control.certificateFile", for: "control.keyFile") }
        if !isSecured, let open = configuration.endpoints.first(where: { !$0.address.isLoopback }) {
            need("control.certificateFile", for: "control.listen", " beyond loopback (\(open))")
        }
        let identity = configuration.identity
        if identity.certificateFile != nil, identity.keyFile == nil {
            need("platform.keyFile", for: "platform.certificateFile")
        }
        if identity.certificateFile == nil, identity.keyFile != nil {
            need("platform.certificateFile", for: "platform.keyFile")
        }
        let proxy = configuration.proxyServer
        if proxy.user != nil, proxy.password == nil { need("platform.proxy.password", for: "platform.proxy.user") }
        if proxy.password != nil, proxy.user == nil { need("platform.proxy.user", for: "platform.proxy.password") }
        if proxy.user != nil, proxy.url == nil { need("platform.proxy.host", for: "platform.proxy.user") }
        let relays = configuration.relays
        let own = relays.group
        if own.user != nil, own.password == nil { need("media.icePassword", for: "media.iceUser") }
        if own.password != nil, own.user == nil { need("media.iceUser", for: "media.icePassword") }
        for (name, group) in relays.groups.sorted(by: { $0.key < $1.key }) {
            let key = Configuration.Named.relays.rawValue + name
            if group.user != nil, group.password == nil { need("\(key).password", for: "\(key).user") }
            if group.password != nil, group.user == nil { need("\(key).user", for: "\(key).password") }
            if group.user != nil, group.servers.isEmpty { need("\(key).servers", for: "\(key).user") }
        }
        let servers = own.servers + relays.groups.values.flatMap(\.servers)
        if relays.policy == .relay, servers.allSatisfy({ $0.kind == .stun }) {
            need("a TURN server in media.iceServers", for: "media.icePolicy", " relay")
        }
        let directory = configuration.directory
        if directory.host != nil, directory.key == nil {
            need("platform.directory.key", for: "platform.directory.host")
        }
        for (seat, login) in configuration.logins.sorted(by: { $0.key.text < $1.key.text }) {
            let group = seat == .default ? "login" : Configuration.Named.seats.rawValue + seat.text
            if login.un != nil {
                if login.password == nil { need("\(group).password", for: "\(group).un") }
                if login.switchnumber == nil { need("\(group).switchnumber", for: "\(group).un") }
                if login.callintype != .here, login.number == nil {
                    need("\(group).number", for: "\(group).callintype")
                }
                if configuration.socketURIs.isEmpty { need("platform.socketURI", for: "\(group).un") }
            }
            if login.password != nil, login.un == nil { need("\(group).un", for: "\(group).password") }
        }
        return faults
    }

    /// One line a setting: its value and where that comes from.
    package var report: String {
        settings.map { setting in
            "\(setting.name) = \(setting.text(in: configuration))  (\(origin(of: setting.name)))"
        }.joined(separator: "\n")
    }
}
