import Wire

extension AudioDescription {
    /// The first audio section of an offer that is not rejected (RFC 8829 §5.8).
    package init(offeredIn session: SessionDescription, taking encryptions: Set<MediaEncryption> = [.dtls])
        throws(Refusal)
    {
        let isAudio = { (section: MediaDescription) in
            section.media == "audio" && (section.port != 0 || section.attributes.contains("bundle-only"))
        }
        guard let index = session.media.firstIndex(where: isAudio) else { throw .noAudioSection }
        try self.init(section: index, of: session, taking: encryptions, defaultSetup: .active)
    }

    /// The section that answers the one of an offer, by default its only one.
    package init(
        section index: Int = 0, answeredIn session: SessionDescription,
        taking encryptions: Set<MediaEncryption> = [.dtls]
    ) throws(Refusal) {
        guard session.media.indices.contains(index), session.media[index].media == "audio",
            session.media[index].port != 0
        else { throw .noAudioSection }
        try self.init(section: index, of: session, taking: encryptions, defaultSetup: .passive)
    }

    /// The default of `setup` is RFC 4145 §4's: an offerer opens the association, an answerer waits.
    private init(
        section index: Int, of session: SessionDescription, taking encryptions: Set<MediaEncryption>,
        defaultSetup: Setup
    ) throws(Refusal) {
        let attributes = SectionAttributes(section: index, of: session)
        let section = session.media[index]
        let setup = attributes.value(of: "setup").map(Setup.init) ?? defaultSetup
        let crypto = attributes.values(of: "crypto").compactMap(CryptoAttribute.init)
        let ice = ICEDescription(attributes, of: session)
        let encryption = try Self.encryption(
            of: section.transport, attributes, setup, hasKeys: !crypto.isEmpty, hasICE: ice != nil, taking: encryptions)
        let isMultiplexed = attributes.contains("rtcp-mux")
        self.init(
            sectionIndex: index, mid: section.attributes.value(of: "mid"), isBundled: attributes.isBundled,
            transport: section.transport, encryption: encryption, formats: [AudioFormat](of: section),
            direction: attributes.direction, packetTime: section.attributes.value(of: "ptime").flatMap { Int($0) },
            maximumPacketTime: section.attributes.value(of: "maxptime").flatMap { Int($0) },
            audioLevelID: section.audioLevelID, isReducedSize: section.attributes.contains("rtcp-rsize"),
            setup: encryption == .dtls ? setup ?? defaultSetup : defaultSetup,
            fingerprints: encryption == .dtls ? attributes.values(of: "fingerprint") : [],
            tlsID: attributes.value(of: "tls-id"), crypto: encryption == .sdes ? crypto : [],
            ice: isMultiplexed ? ice : nil, isMultiplexed: isMultiplexed, source: Source(section.attributes))
        if self.ice == nil { try takeAddress(of: section, in: session) }
    }

    /// The best of what the peer can do and this side takes (RFC 8643 §3.1 for keys with a transport that does not ask for
    /// them); a refusal says what DTLS-SRTP lacks.
    private static func encryption(
        of transport: String, _ attributes: SectionAttributes, _ setup: Setup?, hasKeys: Bool, hasICE: Bool,
        taking encryptions: Set<MediaEncryption>
    ) throws(Refusal) -> MediaEncryption {
        let isPlain = plainTransports.contains(transport)
        guard secureTransports.contains(transport) || isPlain && encryptions.contains(.plain) else {
            throw .transportNotSecure
        }
        let lack = encryptions.contains(.dtls) ? lackOfDTLS(attributes, setup, hasICE: hasICE) : .dtlsNotTaken
        guard let lack else { return .dtls }
        if encryptions.contains(.sdes), hasKeys, !transport.hasPrefix("UDP/TLS") { return .sdes }
        if isPlain { return .plain }
        let isAboutKeys = encryptions.contains(.sdes) && !attributes.contains("fingerprint")
        throw isAboutKeys && !transport.hasPrefix("UDP/TLS") ? .noUsableKeys : lack
    }

    private static func lackOfDTLS(_ attributes: SectionAttributes, _ setup: Setup?, hasICE: Bool) -> Refusal? {
        guard attributes.contains("fingerprint") || !attributes.contains("crypto") else { return .keysInDescription }
        guard attributes.contains("rtcp-mux") else { return .noRTCPMultiplexing }
        guard setup != nil else { return .noDTLSRole }
        guard attributes.contains("fingerprint") else { return .noFingerprint }
        return hasICE ? nil : .noICECredentials
    }

    /// What may carry DTLS-SRTP over UDP; `RTP/SAVP(F)` is how old browsers and gateways call it (RFC 8829 §5.1.2).
    private static let secureTransports = ["UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP"]
    private static let plainTransports = ["RTP/AVPF", "RTP/AVP"]

    /// RTCP is one port up unless it is said where (RFC 3550 §11, RFC 3605 §2.1). To the address zero nothing may be sent, which
    /// is how a call was held once (RFC 3264 §8.4).
    private mutating func takeAddress(of section: MediaDescription, in session: SessionDescription) throws(Refusal) {
        guard let text = (section.connection ?? session.connection)?.address, let address = IPAddress(text) else {
            throw .noAddress
        }
        let fields = section.attributes.value(of: "rtcp")?.fields ?? []
        let rtcpAddress = fields.count == 4 ? IPAddress(fields[3]) : address
        let rtcpPort = isMultiplexed ? section.port : fields.first.flatMap { UInt16($0) } ?? (section.port &+ 1)
        self.address = MediaAddress(
            rtp: Endpoint(address, port: section.port),
            rtcp: Endpoint(isMultiplexed ? address : rtcpAddress ?? address, port: rtcpPort))
        if address.isUnspecified { direction = Direction(sends: direction.sends, receives: false) }
    }
}

extension MediaDescription {
    /// One-byte elements only have ids up to 14 (RFC 8285 §4.2).
    fileprivate var audioLevelID: UInt8? {
        let extensions = attributes.values(of: "extmap").lazy.map(\.fields)
        let level = extensions.first { $0.count >= 2 && $0[1] == AudioDescription.audioLevelExtension }
        let id = level?.first?.split(separator: "/").first.flatMap { UInt8($0) }
        return id.flatMap { (1...14).contains($0) ? $0 : nil }
    }
}

/// The attributes of a section, then those of the section its BUNDLE transport is described in, then the session's.
private struct SectionAttributes {
    let isBundled: Bool
    private let levels: [[Attribute]]

    init(section index: Int, of session: SessionDescription) {
        let section = session.media[index]
        let group = session.attributes.values(of: "group").lazy.map(\.fields).first { $0.first == "BUNDLE" }
        let members = group?.dropFirst() ?? []
        let mid = section.attributes.value(of: "mid")
        isBundled = mid.map(members.contains) ?? false
        let tagged = session.media.first { $0.attributes.value(of: "mid") == members.first }
        let isBundleOnly = isBundled && section.attributes.contains("bundle-only")
        levels = [section.attributes, isBundleOnly ? tagged?.attributes ?? [] : [], session.attributes]
    }

    func contains(_ name: String) -> Bool {
        levels.contains { $0.contains(name) }
    }

    func value(of name: String) -> String? {
        levels.lazy.compactMap { $0.value(of: name) }.first
    }

    func values(of name: String) -> [String] {
        levels.lazy.map { $0.values(of: name) }.first { !$0.isEmpty } ?? []
    }

    var direction: Direction {
        let directions = levels.lazy.compactMap { $0.lazy.compactMap { Direction(rawValue: $0.name) }.first }
        return directions.first ?? .sendrecv
    }
}

extension ICEDescription {
    /// The lengths are those of RFC 8839 §5.4; a candidate line that cannot be read is ignored (§5.1).
    fileprivate init?(_ attributes: SectionAttributes, of session: SessionDescription) {
        guard let ufrag = attributes.value(of: "ice-ufrag"), (4...256).contains(ufrag.utf8.count),
            let password = attributes.value(of: "ice-pwd"), (22...256).contains(password.utf8.count)
        else { return nil }
        let lines = attributes.values(of: "candidate").prefix(Limit.candidates)
        self.init(
            ufrag: ufrag, password: Redacted(password), isLite: session.attributes.contains("ice-lite"),
            options: attributes.value(of: "ice-options")?.fields ?? [],
            candidates: lines.compactMap(CandidateAttribute.init),
            endOfCandidates: attributes.contains("end-of-candidates"))
    }

    private enum Limit {
        static let candidates = 100
    }
}

extension Source {
    /// The first `ssrc` line, and the name any line gives it.
    fileprivate init?(_ attributes: [Attribute]) {
        let lines = attributes.values(of: "ssrc").map { $0.split(separator: " ", maxSplits: 1) }
        guard let ssrc = lines.first?.first.flatMap({ UInt32($0) }) else { return nil }
        let names = lines.lazy.compactMap { line in
            line.count == 2 && line[0] == String(ssrc) && line[1].hasPrefix("cname:") ? line[1].dropFirst(6) : nil
        }
        self.init(ssrc: ssrc, cname: names.first.map(String.init))
    }
}
