import Audio
import ControlAPI
import Crypto
import Dialect
import Engine
import HTTP
import ICE
import Logging
import Network
import SDP
import SIP
import Seat
import Wire

/// What one run of the daemon is told.
package struct Configuration: Sendable {
    /// Where the control API listens. A port may be 0.
    package var endpoints: [Endpoint]
    /// The Unix socket of the control API; none when nil.
    package var socketPath: String?
    /// PEM file of the certificate chain; with it the control API speaks TLS on every TCP endpoint.
    package var certificateFile: String?
    package var keyFile: String?
    /// What `Host` may name beside the addresses listened on.
    package var allowedHosts: [String] = []
    /// Which web pages may use the control API, as `scheme://host[:port]`.
    package var allowedOrigins: [String] = []
    /// What the control server grants its clients; a stream of server-sent events has the queue of a WebSocket.
    package var limits = HTTPServer.Limits()
    /// How long requests in flight may take when the daemon ends.
    package var gracePeriod = Duration.seconds(5)
    package var journal = Journal()
    /// The folder of the API token and of what must outlive a run.
    package var stateDirectory: String
    /// How long a command may wait for the platform.
    package var answerTimeout = Duration.seconds(10)

    /// Switchboard number or area code → operations host (`host` or `host:port`).
    package var hosts: [String: String]
    package var directory = DirectoryServer()
    /// Whether the SIP domain is written `domain:port`.
    package var domainHasPort = false
    /// What encrypted numbers are encrypted with.
    package var encryptionSeed: Redacted<String>?
    /// The attribute that takes a call's area code.
    package var areaCodeAttribute: String?
    /// The values of an agent's `permission` that make a supervisor.
    package var supervisorPermissions = ["1"]
    /// The supervisor's message bodies that are not as assumed, by the SDK's names.
    package var supervisorBodies: [String: String] = [:]
    /// The gateways' URIs when `init` names none, in the order they are tried.
    package var socketURIs: [String]
    /// From the beginning of an attempt to reach a gateway to an open WebSocket.
    package var connectTimeout = Duration.seconds(5)
    /// What is shown to a gateway that asks for a certificate.
    package var identity = Identity()
    /// If there are any, a gateway's key must be one of these.
    package var pins: [PublicKeyPin] = []
    package var proxyServer = ProxyServer()
    /// A PEM file of the only certificate authorities to believe, instead of the system's.
    package var authorities: String?

    /// Of the seats that are logged in at the start.
    package var logins: [SeatName: Login] = [:]

    /// The local addresses of the audio; those of the interfaces when empty.
    package var mediaAddresses: [IPAddress]
    /// The codecs that are offered and taken, the preferred one first; all of them when empty.
    package var codecs = MediaCodec.allCases
    /// How sound may be protected; with DTLS alone when empty.
    package var encryption = [MediaEncryption.dtls]
    package var keyTransport = KeyTransport.info
    package var microphone: AudioDevice
    package var speaker: AudioDevice
    /// What rings; the speaker when nil.
    package var ringer: AudioDevice?
    /// What libpulse calls the sound server; the user's own when nil.
    package var soundServer: String?
    package var echoCancellation = EchoCancellation.Wish.auto
    package var playsTones = true
    package var tones = TonePlan()
    package var recording = RecordingOptions()
    package var relays = Relays()

    package var trace = TraceOptions()
    package var log = Log()

    /// Whether `POST /v1/test/events` is there. No flag and no file sets this: who may use the API must not be able to make
    /// events up. A debug build, which is what the tests start, also takes it from the environment variable
    /// `TEST_PHONEBARD_EVENTS`; in a release build the variable means nothing.
    package var injectsEvents = Self.isAskedToInject

    package init(
        endpoints: [Endpoint], stateDirectory: String, hosts: [String: String] = [:], socketURI: String? = nil,
        authorities: String? = nil, mediaAddresses: [IPAddress] = [], microphone: AudioDevice = .pulse,
        speaker: AudioDevice = .pulse
    ) {
        self.endpoints = endpoints
        self.stateDirectory = stateDirectory
        self.hosts = hosts
        socketURIs = socketURI.map { [$0] } ?? []
        self.authorities = authorities
        self.mediaAddresses = mediaAddresses
        self.microphone = microphone
        self.speaker = speaker
    }

    /// The port the API is known by.
    package static let defaultPort: UInt16 = 8460
}

extension Configuration {
    /// The log of events on disk.
    package struct Journal: Sendable, Equatable {
        /// `journal.sqlite` in the state directory when nil.
        package var path: String?
        package var maximumAge = Duration.seconds(30 * 86_400)
        /// In bytes.
        package var maximumSize = 256 * 1024 * 1024

        package init() {}
    }

    /// The server that lists operations hosts; it is asked when it has a host and a key.
    package struct DirectoryServer: Sendable, Equatable {
        package var host: String?
        package var version = "1.0"
        package var key: Redacted<String>?
        /// Area code → province, as the list names it.
        package var provinces: [String: String] = [:]

        package init() {}
    }

    /// How a seat is logged in at the start, if it has an extension number.
    package struct Login: Sendable, Equatable {
        package enum CallInType: String, Sendable, CaseIterable {
            case here = "2"
            case callback = "4"
            case sip = "5"
        }

        package var un: String?
        package var switchnumber: String?
        package var gid: String?
        package var callintype = CallInType.here
        package var number: String?
        package var password: Redacted<String>?

        package init() {}
    }

    /// PEM files; there are both or none.
    package struct Identity: Sendable, Equatable {
        package var certificateFile: String?
        package var keyFile: String?

        package init() {}
    }

    /// The servers that find a way for the sound where there is none between the machines alone.
    package struct Relays: Sendable, Equatable {
        /// Servers that know one by the same name and password.
        package struct Group: Sendable, Equatable {
            package var servers: [ServerURI] = []
            package var user: String?
            package var password: Redacted<String>?
        }

        package var group = Group()
        /// Further ones by the names they are given.
        package var groups: [String: Group] = [:]
        package var policy = ICEConfiguration.Policy.all
        /// A PEM file of the only certificate authorities to believe, instead of the system's.
        package var authorities: String?

        package init() {}
    }

    /// The HTTP proxy on the way to the platform.
    package struct ProxyServer: Sendable, Equatable {
        /// Of which host and port count.
        package var url: WebSocketURL?
        package var user: String?
        package var password: Redacted<String>?

        package init() {}
    }

    /// What is kept of the SIP messages, and who gets them as well.
    package struct TraceOptions: Sendable, Equatable {
        package var limits = Trace.Limits()
        /// Of a Homer collector that takes HEP version 3 over UDP.
        package var collector: Endpoint?
        package var collectorID = 2001
        package var collectorKey: Redacted<String>?

        package init() {}
    }

    /// What calls are recorded, and how.
    package struct RecordingOptions: Sendable, Equatable {
        /// `recordings` in the state directory when nil.
        package var directory: String?
        package var settings = Recording.Settings()
        /// Whether every call is recorded from when it is answered.
        package var isAutomatic = false

        package init() {}
    }

    package struct Log: Sendable, Equatable {
        package enum Destination: String, Sendable, CaseIterable {
            /// The journal when run under it, standard error otherwise.
            case automatic
            case standardError = "stderr"
            case journal
        }

        package var level = Logger.Level.info
        package var destination = Destination.automatic

        package init() {}
    }

    package var journalPath: String { journal.path ?? stateDirectory + "/journal.sqlite" }
}

extension Configuration {
    var seat: Seat.Configuration {
        var seat = Seat.Configuration(gateways: socketURIs)
        seat.answerTime = answerTimeout
        seat.keyTransport = keyTransport
        return seat
    }

    var platform: Platform.Configuration {
        var server: Directory?
        if let host = directory.host, let key = directory.key {
            server = Directory(
                host: host, version: directory.version, key: key.value, provinces: directory.provinces)
        }
        var platform = Platform.Configuration(
            hosts: HostTable(hosts), directory: server, domainHasPort: domainHasPort)
        platform.encryptionSeed = encryptionSeed
        platform.areaCodeAttribute = areaCodeAttribute
        platform.supervisor = Platform.Supervisor(permissions: supervisorPermissions, bodies: supervisorBodies)
        return platform
    }

    /// That of the seat `default`.
    package var login: Login {
        get { self[loginOf: .default] }
        set { self[loginOf: .default] = newValue }
    }

    subscript(loginOf seat: SeatName) -> Login {
        get { logins[seat] ?? Login() }
        set { logins[seat] = newValue }
    }

    subscript(relaysOf name: String) -> Relays.Group {
        get { relays.groups[name] ?? Relays.Group() }
        set { relays.groups[name] = newValue }
    }

    /// Of those seats that have everything needed.
    var automaticLogins: [SeatName: AutomaticLogin.Parameters] { logins.compactMapValues(\.parameters) }

    var trust: TLSContext.Trust { authorities.map { .authorities(file: $0) } ?? .system }

    var ice: ICEConfiguration {
        var ice = ICEConfiguration()
        let groups = [relays.group] + relays.groups.sorted { $0.key < $1.key }.map(\.value)
        ice.servers = groups.flatMap(\.iceServers)
        ice.policy = relays.policy
        ice.trust = relays.authorities.map { .authorities(file: $0) } ?? .system
        return ice
    }

    var proxy: Proxy? {
        guard let url = proxyServer.url else { return nil }
        var proxy = Proxy(host: url.host, port: url.port)
        if let user = proxyServer.user, let password = proxyServer.password { proxy.credentials = (user, password) }
        return proxy
    }

    /// The way to a gateway; certificate and pins are its alone.
    var route: ServerRoute {
        var route = ServerRoute(trust: trust, proxy: proxy)
        route.trust.pins = pins
        if let certificateFile = identity.certificateFile, let keyFile = identity.keyFile {
            route.identity = TLSContext.Identity(chainFile: certificateFile, keyFile: keyFile)
        }
        return route
    }

    /// How the sound of calls over that gateway may be protected: keys in descriptions are for nobody else to read, so these
    /// go over TLS, or do not leave the machine.
    package func encryptions(over gateway: WebSocketURL?) -> Set<MediaEncryption> {
        let isConfidential = gateway.map { $0.isSecure || Self.isLocal($0.host) } ?? false
        let encryptions = Set(encryption.filter { $0 != .sdes || isConfidential })
        return encryptions.isEmpty ? [.dtls] : encryptions
    }

    private static func isLocal(_ host: String) -> Bool {
        host == "localhost" || IPAddress(host)?.isLoopback == true
    }

    /// The addresses a call's candidates are on. A gateway on this machine is reached over loopback.
    func addresses(forGateway gateway: String?) throws(SystemError) -> [IPAddress] {
        guard mediaAddresses.isEmpty else { return mediaAddresses }
        let interfaces = try LocalInterface.all()
        let gatewayIsLocal = gateway.map(Self.isLocal) ?? false
        return interfaces.filter { ($0.isLoopback && gatewayIsLocal) || (!$0.isLoopback && !$0.address.isLinkLocal) }
            .map(\.address)
    }
}

extension Configuration.Relays.Group {
    fileprivate var iceServers: [ICEConfiguration.Server] {
        var account: TURNClient.Account?
        if let user, let password { account = TURNClient.Account(user: user, password: password) }
        return servers.map { .init($0, account: account) }
    }
}

extension Configuration.Login {
    fileprivate var parameters: AutomaticLogin.Parameters? {
        guard let un, let password, let switchnumber, let telephone else { return nil }
        return AutomaticLogin.Parameters(
            user: Command.GetUser(un: un, pwd: password, switchnumber: switchnumber, telephone: telephone), gid: gid)
    }

    fileprivate var telephone: Command.Telephone? {
        switch callintype {
        case .here: .here
        case .callback: number.map { .callback(number: $0) }
        case .sip: number.map { .sip(number: $0) }
        }
    }
}

extension IPAddress {
    /// RFC 3927, RFC 4291 §2.5.6.
    fileprivate var isLinkLocal: Bool {
        switch self {
        case .v4(let bits): bits >> 16 == 0xA9FE
        case .v6(let high, _): high >> 54 == 0x3FA
        }
    }
}
