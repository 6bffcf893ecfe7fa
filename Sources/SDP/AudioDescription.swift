import Wire

/// The audio section of one side as WebRTC needs it (RFC 8829 §5), with the defaults of its session applied.
package struct AudioDescription: Sendable, Equatable {
    /// Its `m=` line and its `mid` (RFC 5888).
    package var sectionIndex: Int
    package var mid: String?
    /// Whether the BUNDLE group of the session has it (RFC 9143).
    package var isBundled: Bool
    package var transport: String
    package var encryption: MediaEncryption
    package var formats: [AudioFormat]
    package var direction: Direction
    /// The `ptime` and `maxptime` in milliseconds (RFC 8866 §6.4).
    package var packetTime: Int?
    package var maximumPacketTime: Int?
    /// The id of the header extension with the audio level (RFC 8285 §5, RFC 6464 §4), 1 to 14.
    package var audioLevelID: UInt8?
    /// Whether RTCP may come without a report (RFC 5506 §5).
    package var isReducedSize: Bool
    package var setup: Setup
    /// The values of the `fingerprint` attributes (RFC 8122 §5), left to the one who has the digests.
    package var fingerprints: [String]
    /// What the DTLS association is called, where the peer names it (RFC 8842 §4).
    package var tlsID: String?
    /// The `crypto` attributes that can be used, the preferred one first.
    package var crypto: [CryptoAttribute]
    /// Nil where the side has none, or no ``isMultiplexed`` to go with it.
    package var ice: ICEDescription?
    /// Where a side without ICE takes RTP and RTCP.
    package var address: MediaAddress?
    /// Whether RTCP goes where RTP goes (RFC 5761).
    package var isMultiplexed: Bool
    package var source: Source?

    package init(
        sectionIndex: Int = 0, mid: String? = "0", isBundled: Bool = true, transport: String = Self.secureTransport,
        encryption: MediaEncryption = .dtls, formats: [AudioFormat], direction: Direction = .sendrecv,
        packetTime: Int? = 20,
        maximumPacketTime: Int? = nil, audioLevelID: UInt8? = nil, isReducedSize: Bool = false, setup: Setup,
        fingerprints: [String], tlsID: String? = nil, crypto: [CryptoAttribute] = [], ice: ICEDescription?,
        address: MediaAddress? = nil, isMultiplexed: Bool = true, source: Source?
    ) {
        self.sectionIndex = sectionIndex
        self.mid = mid
        self.isBundled = isBundled
        self.transport = transport
        self.encryption = encryption
        self.formats = formats
        self.direction = direction
        self.packetTime = packetTime
        self.maximumPacketTime = maximumPacketTime
        self.audioLevelID = audioLevelID
        self.isReducedSize = isReducedSize
        self.setup = setup
        self.fingerprints = fingerprints
        self.tlsID = tlsID
        self.crypto = crypto
        self.ice = ice
        self.address = address
        self.isMultiplexed = isMultiplexed
        self.source = source
    }

    /// The profile of an offer (RFC 8829 §5.1.2).
    package static let secureTransport = "UDP/TLS/RTP/SAVPF"

    /// RFC 6464 §4.
    package static let audioLevelExtension = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

    /// Why a description has no audio section that can be used.
    package enum Refusal: Error, Sendable, Equatable {
        case noAudioSection
        /// RTP without SRTP, or over something else than UDP.
        case transportNotSecure
        /// SRTP with its keys in the description (RFC 4568).
        case keysInDescription
        case noFingerprint
        case noICECredentials
        case noRTCPMultiplexing
        /// `holdconn`, or a `setup` that is none (RFC 4145 §4).
        case noDTLSRole
        case noCommonFormat
        /// DTLS-SRTP where only something else is taken.
        case dtlsNotTaken
        /// SRTP without a key in the description that can be used, or with one that was not asked for.
        case noUsableKeys
        /// Without ICE, no address in numbers, or none of a kind that this side has.
        case noAddress
    }
}

/// Where RTP and RTCP go without ICE: the addresses of `m=` and `c=`, and of `rtcp` (RFC 3605).
package struct MediaAddress: Sendable, Equatable {
    package var rtp: Endpoint
    package var rtcp: Endpoint

    package init(rtp: Endpoint, rtcp: Endpoint) {
        self.rtp = rtp
        self.rtcp = rtcp
    }
}

/// Who may send (RFC 8866 §6.7), from the describer's point of view.
package enum Direction: String, Sendable, Equatable {
    case sendrecv, sendonly, recvonly, inactive

    package init(sends: Bool, receives: Bool) {
        switch (sends, receives) {
        case (true, true): self = .sendrecv
        case (true, false): self = .sendonly
        case (false, true): self = .recvonly
        case (false, false): self = .inactive
        }
    }

    package var sends: Bool { self == .sendrecv || self == .sendonly }
    package var receives: Bool { self == .sendrecv || self == .recvonly }

    /// The answer that takes all that is offered (RFC 3264 §6.1).
    package var reversed: Direction { Direction(sends: receives, receives: sends) }
}

/// Who opens the DTLS association (RFC 4145 §4, RFC 8842 §5.2).
package enum Setup: String, Sendable, Equatable {
    case active, passive, actpass

    /// The role of an answer; `active` wherever the offer leaves the choice (RFC 8842 §5.3).
    package var answer: Setup { self == .active ? .passive : .active }
}

/// The ICE attributes of a section (RFC 8839 §5).
package struct ICEDescription: Sendable, Equatable {
    package var ufrag: String
    package var password: Redacted<String>
    package var isLite: Bool
    package var options: [String]
    package var candidates: [CandidateAttribute]
    package var endOfCandidates: Bool

    package init(
        ufrag: String, password: Redacted<String>, isLite: Bool = false, options: [String] = ["ice2"],
        candidates: [CandidateAttribute] = [], endOfCandidates: Bool = true
    ) {
        self.ufrag = ufrag
        self.password = password
        self.isLite = isLite
        self.options = options
        self.candidates = candidates
        self.endOfCandidates = endOfCandidates
    }
}

/// The synchronisation source a side sends with, and its canonical name (RFC 5576 §4).
package struct Source: Sendable, Equatable {
    package var ssrc: UInt32
    package var cname: String?

    package init(ssrc: UInt32, cname: String?) {
        self.ssrc = ssrc
        self.cname = cname
    }
}
