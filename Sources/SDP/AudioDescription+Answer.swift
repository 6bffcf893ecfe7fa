import Wire

extension AudioDescription {
    /// Whose order of formats an answer follows (RFC 3264 §6.1 wants the offer's unless there is a reason).
    package enum FormatOrder: Sendable { case offered, own }

    /// The answer to this offer: one format with the offer's payload type, and beside it what repeats it and the
    /// telephone-event, as far as they are supported.
    package func answer(
        supporting supported: [AudioFormat], hasAudioLevel: Bool = false, isReducedSize: Bool = false,
        order: FormatOrder = .offered, fingerprint: String, ice: ICEDescription?, address: MediaAddress? = nil,
        source: Source? = nil
    ) throws(Refusal) -> AudioDescription {
        AudioDescription(
            sectionIndex: sectionIndex, mid: mid, isBundled: isBundled, transport: transport, encryption: encryption,
            formats: try answeredFormats(supporting: supported, order: order), direction: direction.reversed,
            audioLevelID: hasAudioLevel ? audioLevelID : nil, isReducedSize: isReducedSize && self.isReducedSize,
            setup: setup.answer, fingerprints: encryption == .dtls ? [fingerprint] : [], ice: ice, address: address,
            isMultiplexed: isMultiplexed, source: source)
    }

    /// The formats of the answer to this offer; the parameters are our own, as they say what we like to receive.
    private func answeredFormats(supporting supported: [AudioFormat], order: FormatOrder) throws(Refusal)
        -> [AudioFormat]
    {
        let codecs = supported.filter { !$0.isRedundancy }
        let (first, second) = order == .offered ? (formats, codecs) : (codecs, formats)
        let common = first.lazy.compactMap { format in second.first(where: format.hasSameEncoding) }.first
        guard let common, let own = supported.first(where: common.hasSameEncoding),
            var agreed = formats.first(where: common.hasSameEncoding)
        else { throw .noCommonFormat }
        agreed.parameters = own.parameters
        agreed.hasNACK = agreed.hasNACK && own.hasNACK
        var answered = [agreed]
        if supported.redundancy(of: own) != nil, let redundancy = formats.redundancy(of: agreed) {
            // Who offers it first wants to send it.
            let first = formats.first { [agreed.payloadType, redundancy.payloadType].contains($0.payloadType) }
            answered.insert(redundancy, at: first == redundancy ? 0 : 1)
        }
        guard var event = formats.telephoneEvent(matching: agreed) else { return answered }
        event.parameters = AudioFormat.telephoneEvent(clockRate: event.clockRate)?.parameters
        return answered + [event]
    }

    /// The session that offers this section and nothing else (RFC 8829 §5.2.1).
    package func offer(origin: Origin) -> SessionDescription {
        session(origin: origin, media: [section])
    }

    /// The session that answers with this section and rejects all others, kept in order (RFC 8829 §5.3.1).
    package func answer(to offer: SessionDescription, origin: Origin) -> SessionDescription {
        let media = offer.media.enumerated().map { index, section in
            index == sectionIndex ? self.section : section.rejected
        }
        return session(origin: origin, media: media)
    }

    private func session(origin: Origin, media: [MediaDescription]) -> SessionDescription {
        var attributes: [Attribute] = []
        if isBundled, let mid { attributes.append(Attribute("group", "BUNDLE \(mid)")) }
        if let ice { attributes.append(Attribute("ice-options", ice.options.joined(separator: " "))) }
        if ice?.isLite == true { attributes.append(Attribute("ice-lite")) }
        return SessionDescription(origin: origin, attributes: attributes, media: media)
    }

    /// What the `m=` and `c=` lines say, with ICE its first candidate; for RTCP too (RFC 8839 §4.2.1.2).
    package var defaultAddress: Endpoint? {
        address?.rtp ?? ice?.candidates.lazy.compactMap(\.endpoint).first
    }

    /// RTCP is taken where RTP is, also from a peer that does not know `rtcp-mux` (RFC 3605).
    private var section: MediaDescription {
        let endpoint = defaultAddress
        let connection = endpoint.map { Connection($0.address) } ?? .discard
        let port = endpoint?.port ?? MediaDescription.discardPort
        var attributes = [Attribute("rtcp", "\(port) IN \(connection.addressType) \(connection.address)")]
        if isMultiplexed { attributes.append(Attribute("rtcp-mux")) }
        if isReducedSize { attributes.append(Attribute("rtcp-rsize")) }
        if let audioLevelID { attributes.append(Attribute("extmap", "\(audioLevelID) \(Self.audioLevelExtension)")) }
        attributes.append(Attribute(direction.rawValue))
        if let mid { attributes.insert(Attribute("mid", mid), at: 0) }
        return MediaDescription(
            media: "audio", port: port, transport: transport, formats: formats.map { String($0.payloadType) },
            connection: connection, attributes: attributes + formatAttributes + transportAttributes + sourceAttributes)
    }

    private var formatAttributes: [Attribute] {
        let maps = formats.flatMap { format in
            [Attribute("rtpmap", format.rtpmap)]
                + (format.parameters.map { [Attribute("fmtp", "\(format.payloadType) \($0)")] } ?? [])
                + (format.hasNACK ? [Attribute("rtcp-fb", "\(format.payloadType) nack")] : [])
        }
        return maps + (packetTime.map { [Attribute("ptime", String($0))] } ?? [])
            + (maximumPacketTime.map { [Attribute("maxptime", String($0))] } ?? [])
    }

    private var transportAttributes: [Attribute] { encryptionAttributes + iceAttributes }

    private var encryptionAttributes: [Attribute] {
        switch encryption {
        case .dtls:
            [Attribute("setup", setup.rawValue)] + fingerprints.map { Attribute("fingerprint", $0) }
                + (tlsID.map { [Attribute("tls-id", $0)] } ?? [])
        case .sdes: crypto.map { Attribute("crypto", $0.text) }
        case .plain: []
        }
    }

    private var iceAttributes: [Attribute] {
        guard let ice else { return [] }
        return [Attribute("ice-ufrag", ice.ufrag), Attribute("ice-pwd", ice.password.value)]
            + ice.candidates.map { Attribute("candidate", $0.text) }
            + (ice.endOfCandidates ? [Attribute("end-of-candidates")] : [])
    }

    /// A stream of no MediaStream (RFC 8830 §2), which browsers need to give the page a track with a name.
    private var sourceAttributes: [Attribute] {
        guard let source else { return [] }
        return [Attribute("msid", "- audio")]
            + (source.cname.map { [Attribute("ssrc", "\(source.ssrc) cname:\($0)")] } ?? [])
    }
}

extension Connection {
    /// The address of a section without a candidate (RFC 8839 §4.2.1.1).
    fileprivate static let discard = Connection(address: "0.0.0.0")
}

extension MediaDescription {
    fileprivate static let discardPort: UInt16 = 9

    /// The section refused: port zero, the rest of its line as offered (RFC 3264 §6).
    fileprivate var rejected: MediaDescription {
        let mid = attributes.value(of: "mid").map { [Attribute("mid", $0)] } ?? []
        return MediaDescription(
            media: media, port: 0, transport: transport, formats: formats, connection: .discard,
            attributes: mid + [Attribute("inactive")])
    }
}
