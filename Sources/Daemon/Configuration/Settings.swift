import Audio
import ControlAPI
import Dialect
import Engine
import Network
import SDP
import SIP
import Seat
import Wire

extension Configuration {
    /// Everything that can be configured, in the order it is shown.
    package static let settings: [Setting] =
        control + limits + journal + platform + login + media + tones + recording + trace + log

    private static let control: [Setting] = [
        .list("control.listen", \.endpoints, .endpoint, "Where the control API listens; beyond loopback only with TLS"),
        .optional(
            "control.socket", \.socketPath, .path, "The control API's Unix socket, for programs of the same user"),
        .optional(
            "control.certificateFile", \.certificateFile, .path,
            "PEM file of the certificate chain that makes the TCP listeners speak TLS"
        ).naming(.readable),
        .optional("control.keyFile", \.keyFile, .path, "PEM file of the certificate's private key").naming(.secret),
        .list(
            "control.allowedHosts", \.allowedHosts, .host,
            "What a request's Host may name beside the addresses listened on"),
        .list("control.allowedOrigins", \.allowedOrigins, .origin, "Which web pages may use the control API"),
        .one(
            "control.answerTimeout", \.answerTimeout, .duration(.seconds(1) ... .seconds(300)),
            "How long a command waits for the platform's answer"),
        .one("stateDirectory", \.stateDirectory, .folder, "Folder of the API token and of what outlives a run"),
    ]

    private static let limits: [Setting] = [
        .one("limits.connections", \.limits.connections, .count(1...100_000), "Connections in all"),
        .one(
            "limits.connectionsPerPeer", \.limits.connectionsPerPeer, .count(1...100_000),
            "Connections of one IPv4 address, one IPv6 /64 or one local user"),
        .one("limits.requestLine", \.limits.requestLine, .size(256...1 << 20), "A request's first line"),
        .one("limits.header", \.limits.header, .size(1024...1 << 20), "A request's header fields in all"),
        .one("limits.headerFields", \.limits.fieldCount, .count(10...10_000), "How many header fields a request has"),
        .one("limits.body", \.limits.body, .size(1024...1 << 30), "A request's body"),
        .one(
            "limits.headerTimeout", \.limits.headerTime, .duration(.milliseconds(100) ... .seconds(3600)),
            "For a request's header section to arrive, TLS handshake included"),
        .one(
            "limits.requestTimeout", \.limits.requestTime, .duration(.milliseconds(100) ... .seconds(3600)),
            "For a request to arrive whole"),
        .one(
            "limits.idleTimeout", \.limits.idleTime, .duration(.milliseconds(100) ... .seconds(86_400)),
            "Between two requests of a connection"),
        .one(
            "limits.webSocketMessage", \.limits.webSocketMessage, .size(1024...1 << 30),
            "A message of a WebSocket client"),
        .one(
            "limits.webSocketQueue", \.limits.webSocketQueue, .size(1024...1 << 30),
            "What may wait for one subscriber before it is cut off"),
        .one(
            "limits.gracePeriod", \.gracePeriod, .duration(.zero ... .seconds(300)),
            "How long requests in flight may take when the daemon ends"),
    ]

    private static let journal: [Setting] = [
        .optional(
            "journal.path", \.journal.path, .path, "The event log; `journal.sqlite` in the state directory if none"),
        .one(
            "journal.maximumAge", \.journal.maximumAge, .duration(.seconds(60) ... .seconds(3650 * 86_400)),
            "How long events are kept"),
        .one(
            "journal.maximumSize", \.journal.maximumSize, .size(1 << 20...1 << 40),
            "How large the event log may grow; the oldest events go first"),
    ]

    private static let platform: [Setting] = [
        .table(
            "platform.hosts", \.hosts, key: "NUMBER", .host, "Operations host of a switchboard number or area code"),
        .optional(
            "platform.directory.host", \.directory.host, .host,
            "Server that knows the operations hosts of other numbers"),
        .one("platform.directory.version", \.directory.version, .word, "Version to name to it"),
        .optional("platform.directory.key", \.directory.key, .secret, "Key to sign requests to it with").withSecret(),
        .table(
            "platform.directory.provinces", \.directory.provinces, key: "AREA", .word,
            "Area code → province as the directory server calls it"),
        .one("platform.domainHasPort", \.domainHasPort, .truth, "Whether the SIP domain is written `domain:port`"),
        .optional(
            "platform.encryptionSeed", \.encryptionSeed, .secret,
            "What encrypted numbers are encrypted with, as agreed: 32 hexadecimal digits"
        ).withSecret(),
        .optional(
            "platform.areaCodeAttribute", \.areaCodeAttribute, .name,
            "Attribute of the message `cc a=200` for a call's area code; without it the area code goes before the number"
        ),
        .list(
            "platform.supervisor.permissions", \.supervisorPermissions, .word,
            "Values of an agent's `permission` that make a supervisor"),
        .table(
            "platform.supervisor.bodies", \.supervisorBodies, key: "CALL",
            among: Set(Platform.Supervisor.assumedBodies.keys), .supervisorBody,
            "The supervisor's message bodies where they are not as assumed"),
        .list(
            "platform.socketURI", \.socketURIs, .socketURI,
            "The gateways when `init` names none, in the order they are tried"),
        .one(
            "platform.connectTimeout", \.connectTimeout, .duration(.seconds(1) ... .seconds(60)),
            "For a gateway to answer, name server, TLS and all"),
        .optional(
            "platform.caFile", \.authorities, .path, "PEM file of the authorities to believe instead of the system's"
        ).naming(.authorities),
        .list(
            "platform.pins", \.pins, .pin,
            "Digests of public keys, of which a gateway's must be one besides being trusted"),
        .optional(
            "platform.certificateFile", \.identity.certificateFile, .path,
            "PEM file of the certificate chain to show to a gateway that asks for one"
        ).naming(.readable),
        .optional(
            "platform.keyFile", \.identity.keyFile, .path, "PEM file of that certificate's private key"
        ).naming(.secret),
        .optional(
            "platform.proxy.host", \.proxyServer.url, .hostAndPort,
            "HTTP proxy that makes tunnels (CONNECT) to everything of the platform's"),
        .optional("platform.proxy.user", \.proxyServer.user, .word, "Who one is to the proxy"),
        .optional(
            "platform.proxy.password", \.proxyServer.password, .secret, "The password that goes with it"
        ).withSecret(),
    ]

    private static let login = loginSettings("login", of: .default)

    /// How a seat is logged in at the start, with keys that begin with `group`.
    private static func loginSettings(_ group: String, of seat: SeatName) -> [Setting] {
        [
            .optional(
                "\(group).un", \.[loginOf: seat].un, .word,
                "Extension number of the agent who is logged in at the start"),
            .optional("\(group).password", \.[loginOf: seat].password, .secret, "The agent's password").withSecret(),
            .optional(
                "\(group).switchnumber", \.[loginOf: seat].switchnumber, .word, "The enterprise's switchboard number"),
            .optional(
                "\(group).gid", \.[loginOf: seat].gid, .word, "Skill group; the agent's first one, or 0, if none"),
            .one("\(group).callintype", \.[loginOf: seat].callintype, .choice, "Where the sound is, as in `getUser2`"),
            .optional(
                "\(group).number", \.[loginOf: seat].number, .word, "The telephone's number for `callintype` 4 and 5"),
        ]
    }

    /// What may be given any number of times under names of one's own, in files and as credentials only.
    enum Named: String, CaseIterable {
        /// The logins of other seats than `default`.
        case seats = "seats."
        /// TURN servers that know one by another name and password than the others.
        case relays = "media.relays."

        /// The settings below a name; none if it cannot be one.
        func settings(of name: Substring) -> [Setting] {
            guard let seat = SeatName(name), self == .relays || seat != .default else { return [] }
            let group = rawValue + name
            return self == .seats
                ? loginSettings(group, of: seat)
                : [
                    .list("\(group).servers", \.[relaysOf: seat.text].servers, .iceServer, "As `media.iceServers`"),
                    .optional("\(group).user", \.[relaysOf: seat.text].user, .word, "As `media.iceUser`"),
                    .optional(
                        "\(group).password", \.[relaysOf: seat.text].password, .secret, "As `media.icePassword`"
                    ).withSecret(),
                ]
        }
    }

    /// The settings a key like `seats.anna.un` is one of.
    static func namedSettings(for key: String) -> [Setting] {
        guard let kind = Named.allCases.first(where: { key.hasPrefix($0.rawValue) }), let dot = key.lastIndex(of: ".")
        else { return [] }
        return kind.settings(of: key[..<dot].dropFirst(kind.rawValue.count))
    }

    private static let media: [Setting] = [
        .list(
            "media.addresses", \.mediaAddresses, .address, "Local addresses for audio; those of the interfaces if none"),
        .list(
            "media.iceServers", \.relays.group.servers, .iceServer,
            "STUN and TURN servers that find a way for audio where the machines alone do not"),
        .optional("media.iceUser", \.relays.group.user, .word, "Who one is to the TURN servers"),
        .optional(
            "media.icePassword", \.relays.group.password, .secret, "The password that goes with it"
        ).withSecret(),
        .one(
            "media.icePolicy", \.relays.policy, .choice,
            "`relay` sends audio over TURN servers only and tells no address of this machine"),
        .optional(
            "media.iceCAFile", \.relays.authorities, .path,
            "PEM file of the authorities to believe about `turns:` servers instead of the system's"
        ).naming(.authorities),
        .list("media.codecs", \.codecs, .choice, "Codecs that are offered and taken, the preferred one first"),
        .list(
            "media.encryption", \.encryption, .choice,
            "How sound may be protected: by DTLS-SRTP, by keys in the signalling (if that is over TLS), or not at all"),
        .one(
            "media.dtmf", \.keyTransport, .choice,
            "How `sendDTMF` sends keys: as INFO requests, or in the sound (RFC 4733)"),
        .one("media.microphone", \.microphone, .microphone, "Where the agent's voice comes from").naming(.sound) {
            text in
            if case .wav(let path, _)? = AudioDevice(text) { path } else { nil }
        },
        .one("media.speaker", \.speaker, .speaker, "Where the other side is heard"),
        .optional("media.ringer", \.ringer, .speaker, "Where it rings; the speaker if none"),
        .optional(
            "media.server", \.soundServer, .word, "PulseAudio server as libpulse names it; the user's own if none"),
        .one(
            "media.echoCancellation", \.echoCancellation, .choice,
            "By the sound server: a canceller it has is used; one is loaded for each call; none is looked for"),
        .one("media.tones.play", \.playsTones, .truth, "Whether ring tone, ringback and the other tones are played"),
    ]

    private static let tones: [Setting] = Tone.allCases.map { tone in
        .optional(
            "media.tones.\(tone.rawValue)", \.tones.files[tone], .path, "WAV file in place of \(tone.summary)"
        ).naming(.sound)
    }

    private static let recording: [Setting] = [
        .optional(
            "recording.directory", \.recording.directory, .folder,
            "Where recordings go; `recordings` in the state directory if none"),
        .one("recording.format", \.recording.settings.format, .choice, "WAV at 16 kHz or Opus in Ogg"),
        .one(
            "recording.channels", \.recording.settings.channels, .choice,
            "The agent left and the other side right, or both in one"),
        .one(
            "recording.automatic", \.recording.isAutomatic, .truth, "Whether every call is recorded once it is answered"
        ),
    ]

    private static let trace: [Setting] = [
        .one(
            "trace.messages", \.trace.limits.messages, .count(0...100_000),
            "How many SIP messages are kept for `/v1/diagnostics/sip`"),
        .one("trace.size", \.trace.limits.bytes, .size(1024...1 << 30), "How large they may be together"),
        .optional(
            "trace.collector.address", \.trace.collector, .endpoint,
            "Homer collector that gets each SIP message as well (HEP 3 over UDP)"),
        .one(
            "trace.collector.id", \.trace.collectorID, .count(0...Int(Int32.max)),
            "Number by which the collector knows this phone"),
        .optional(
            "trace.collector.key", \.trace.collectorKey, .secret, "Key the collector wants to see"
        ).withSecret(),
    ]

    private static let log: [Setting] = [
        .one("log.level", \.log.level, .choice, "Least severe messages to log"),
        .one(
            "log.destination", \.log.destination, .choice,
            "Where they go; `automatic` is the journal for a service of systemd, standard error otherwise"),
    ]
}

extension Tone {
    fileprivate var summary: String {
        switch self {
        case .ring: "the ring tone"
        case .waiting: "the tone of a second call"
        case .ringback: "the ringback"
        case .busy: "the busy tone"
        case .congestion: "the tone of a call that cannot be put through"
        case .end: "the tone of a call's end"
        }
    }
}
