import Wire

extension AudioDescription {
    /// The first audio section of an offer that is not rejected (RFC 8829 §5.8).
    package init(offeredIn session: SessionDescription) throws(Refusal) {
        let isAudio = { (section: MediaDescription) in
            section.media == "audio" && (section.port != 0 || section.attributes.contains("bundle-only"))
        }
        guard let index = session.media.firstIndex(where: isAudio) else { throw .noAudioSection }
        try self.init(section: index, of: session, defaultSetup: .active)
    }

    /// The section that answers the one of an offer, by default its only one.
    package init(section index: Int = 0, answeredIn session: SessionDescription) throws(Refusal) {
        guard session.media.indices.contains(index), session.media[index].media == "audio",
            session.media[index].port != 0
        else { throw .noAudioSection }
        try self.init(section: index, of: session, defaultSetup: .passive)
    }

    /// The default of `setup` is RFC 4145 §4's: an offerer opens the association, an answerer waits.
    private init(section index: Int, of session: SessionDescription, defaultSetup: Setup) throws(Refusal) {
        let attributes = SectionAttributes(section: index, of: session)
        let section = session.media[index]
        guard Self.secureTransports.contains(section.transport) else { throw .transportNotSecure }
        let fingerprints = attributes.values(of: "fingerprint")
        guard !fingerprints.isEmpty || !attributes.contains("crypto") else { throw .keysInDescription }
        guard attributes.contains("rtcp-mux") else { throw .noRTCPMultiplexing }
        guard let setup = attributes.value(of: "setup").map(Setup.init) ?? defaultSetup else { throw .noDTLSRole }
        guard !fingerprints.isEmpty else { throw .noFingerprint }
        self.init(
            sectionIndex: index, mid: section.attributes.value(of: "mid"), isBundled: attributes.isBundled,
            transport: section.transport, formats: [AudioFormat](of: section),
            direction: attributes.direction, packetTime: section.attributes.value(of: "ptime").flatMap { Int($0) },
            maximumPacketTime: section.attributes.value(of: "maxptime").flatMap { Int($0) },
            audioLevelID: section.audioLevelID, isReducedSize: section.attributes.contains("rtcp-rsize"),
            setup: setup, fingerprints: fingerprints, tlsID: attributes.value(of: "tls-id"),
            ice: try ICEDescription(attributes, of: session),
            source: Source(section.attributes))
    }

    /// What may carry DTLS-SRTP over UDP; `RTP/SAVP(F)` is how old browsers and gateways call it (RFC 8829 §5.1.2).
    private static let secureTransports = ["UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF", "RTP/SAVP"]
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
    fileprivate init(
        _ attributes: SectionAttributes, of session: SessionDescription
    ) throws(AudioDescription.Refusal) {
        guard let ufrag = attributes.value(of: "ice-ufrag"), (4...256).contains(ufrag.utf8.count),
            let password = attributes.value(of: "ice-pwd"), (22...256).contains(password.utf8.count)
        else { throw .noICECredentials }
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
