import Media
import SDP

/// A way to carry speech in RTP that a peer connection can agree on.
package enum Codec: Sendable, Hashable, CaseIterable {
    /// Opus at 48 kHz, two channels in its description whatever it carries (RFC 7587 §7).
    case opus
    /// G.722 at 16 kHz, whose RTP clock runs at 8 kHz (RFC 3551 §4.5.2).
    case g722
    /// G.711 µ-law at 8 kHz (RFC 3551 §4.5.14).
    case pcmu
    /// G.711 A-law at 8 kHz (RFC 3551 §4.5.14).
    case pcma

    /// Ticks of the RTP timestamp per second.
    package var clockRate: Int { audioFormat.clockRate }

    var audioFormat: AudioFormat {
        switch self {
        case .opus: .opus
        case .g722: .g722
        case .pcmu: .pcmu
        case .pcma: .pcma
        }
    }

    var payloadFormat: PayloadFormat {
        switch self {
        case .opus: .opus
        case .g722: .g722
        case .pcmu: .pcmu
        case .pcma: .pcma
        }
    }
}

extension PeerConnection.Configuration {
    /// What is offered and taken: the codecs, the repetition of Opus.
    func audioFormats(_ codecs: [Codec]) -> [AudioFormat] {
        codecs.flatMap { codec in
            var format = codec.audioFormat
            format.hasNACK = hasNACK
            return hasRedundancy && codec == .opus ? [format, .redundancy(of: format)] : [format]
        }
    }

    /// The formats of an offer: beside those a telephone-event for each clock rate (RFC 4733 §2.1).
    var offeredFormats: [AudioFormat] { offered(codecs) }

    /// The formats of a later offer: all there are, the codec in use first, under the payload types they are known by; those of
    /// others are left alone (RFC 8829 §5.2.2, RFC 3264 §8.3.2).
    func offeredFormats(preferring codec: Codec, known: [AudioFormat]) -> [AudioFormat] {
        var numbering = PayloadTypes(known: known, own: offeredFormats)
        let formats = offered([codec] + codecs.filter { $0 != codec })
        let numbered = formats.filter { !$0.isRedundancy }.compactMap { numbering.number($0) }
        return formats.compactMap { format in
            guard format.isRedundancy else { return numbered.first(where: format.hasSameEncoding) }
            return numbered.first(where: { $0.encoding == "opus" }).flatMap { numbering.number(.redundancy(of: $0)) }
        }
    }

    private func offered(_ codecs: [Codec]) -> [AudioFormat] {
        let formats = audioFormats(codecs)
        let rates = formats.map(\.clockRate).reduce(into: [Int]()) { if !$0.contains($1) { $0.append($1) } }
        return formats + rates.compactMap(AudioFormat.telephoneEvent)
    }
}

/// Which payload types mean what.
private struct PayloadTypes {
    private let known: [AudioFormat]
    private var taken: Set<UInt8>
    private let own: Set<UInt8>

    init(known: [AudioFormat], own: [AudioFormat]) {
        self.known = known
        self.own = Set(own.map(\.payloadType))
        taken = Set(known.map(\.payloadType))
    }

    /// The format under a payload type of its own; nil when none is left.
    mutating func number(_ format: AudioFormat) -> AudioFormat? {
        var format = format
        if let before = known.first(where: { $0.means(format) }) {
            format.payloadType = before.payloadType
        } else if taken.contains(format.payloadType) {
            let free = (96...127).first { !taken.contains($0) && !own.contains($0) }
            guard let free else { return nil }
            format.payloadType = free
        }
        taken.insert(format.payloadType)
        return format
    }
}

extension AudioFormat {
    /// Repetitions are the same only if they repeat the same.
    fileprivate func means(_ other: AudioFormat) -> Bool {
        hasSameEncoding(as: other) && (!isRedundancy || parameters == other.parameters)
    }
}

/// What an offer and its answer agreed on for the one audio section.
package struct NegotiatedAudio: Sendable, Equatable {
    package var codec: Codec
    package var payloadType: UInt8
    /// The payload type of telephone-event at the codec's clock rate, nil where the peer has none.
    package var telephoneEventPayloadType: UInt8?
    /// The payload type of what repeats the codec (RFC 2198), nil where nothing does.
    package var redundancyPayloadType: UInt8?
    /// What our offer called all that, where the answer has other numbers, against RFC 3264 §6.1: the peer may send under these.
    package var offered: OfferedPayloadTypes?
    /// The id of the header extension with the audio level (RFC 6464).
    package var audioLevelID: UInt8?
    /// Whether lost packets are asked for (RFC 4585 §6.2.1), and whether that may come without a report (RFC 5506).
    package var hasNACK = false
    package var isReducedSize = false
    /// Whether this side may send; false while the peer holds the call.
    package var sends: Bool
    /// Whether the peer may send.
    package var receives: Bool
    package var wishes = ReceptionWishes()

    package init(
        codec: Codec, payloadType: UInt8, telephoneEventPayloadType: UInt8?, sends: Bool, receives: Bool
    ) {
        self.codec = codec
        self.payloadType = payloadType
        self.telephoneEventPayloadType = telephoneEventPayloadType
        self.sends = sends
        self.receives = receives
    }
}

package struct OfferedPayloadTypes: Sendable, Equatable {
    package var codec: UInt8
    package var telephoneEvent: UInt8?
    package var redundancy: UInt8?
}

/// How the peer would like to be spoken to.
package struct ReceptionWishes: Sendable, Equatable {
    /// How much sound a packet should hold, in milliseconds: 10, 20, 40 or 60 (`ptime`, `maxptime`, RFC 8866 §6.4).
    package var packetTime = 20
    /// Whether it makes use of Opus' in-band forward error correction (`useinbandfec`, RFC 7587 §6.1).
    package var forwardErrorCorrection = false
    /// Whether it likes discontinuous transmission (`usedtx`).
    package var discontinuousTransmission = false
    /// Bits per second of Opus that it can take (`maxaveragebitrate`).
    package var maximumBitrate: Int?

    package init() {}
}

extension NegotiatedAudio {
    /// What an answer settles, to an `offer` if that is ours: its first format that is one of the codecs. What the peer wishes is
    /// in its own description, under the same payload type.
    init(
        answer: AudioDescription, to offer: AudioDescription?, codecs: [Codec], peer: AudioDescription, sends: Bool,
        receives: Bool
    ) throws(AudioDescription.Refusal) {
        let choices = answer.formats.lazy.compactMap { format in
            codecs.first { $0.audioFormat.hasSameEncoding(as: format) }.map { (codec: $0, format: format) }
        }
        guard let choice = choices.first else { throw .noCommonFormat }
        self.init(
            codec: choice.codec, payloadType: choice.format.payloadType,
            telephoneEventPayloadType: answer.formats.telephoneEvent(matching: choice.format)?.payloadType,
            sends: sends, receives: receives)
        redundancyPayloadType = answer.formats.redundancy(of: choice.format)?.payloadType
        offered = offer.flatMap { OfferedPayloadTypes(choice.format, in: $0.formats) }
        if offered?.isSame(as: self) == true { offered = nil }
        audioLevelID = answer.audioLevelID
        hasNACK = choice.format.hasNACK
        isReducedSize = answer.isReducedSize
        wishes = ReceptionWishes(peer, peer.formats.first { $0.payloadType == choice.format.payloadType })
    }
}

extension OfferedPayloadTypes {
    fileprivate init?(_ answered: AudioFormat, in formats: [AudioFormat]) {
        guard let format = formats.first(where: answered.hasSameEncoding) else { return nil }
        self.init(
            codec: format.payloadType, telephoneEvent: formats.telephoneEvent(matching: format)?.payloadType,
            redundancy: formats.redundancy(of: format)?.payloadType)
    }

    /// Whether what the answer has of it has the same numbers.
    fileprivate func isSame(as audio: NegotiatedAudio) -> Bool {
        codec == audio.payloadType
            && [telephoneEvent, nil].contains(audio.telephoneEventPayloadType)
            && [redundancy, nil].contains(audio.redundancyPayloadType)
    }
}

extension ReceptionWishes {
    fileprivate init(_ description: AudioDescription, _ format: AudioFormat?) {
        let wanted = description.packetTime ?? 20
        let limit = description.maximumPacketTime ?? 60
        let lengths = [60, 40, 20, 10].filter { $0 <= limit }
        packetTime = lengths.first { $0 <= wanted } ?? 10
        forwardErrorCorrection = format?.parameter("useinbandfec") == "1"
        discontinuousTransmission = format?.parameter("usedtx") == "1"
        maximumBitrate = format?.parameter("maxaveragebitrate").flatMap { Int($0) }.map { max($0, 6_000) }
    }
}
