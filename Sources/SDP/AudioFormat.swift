/// A payload type and what it stands for: its `rtpmap` and `fmtp` (RFC 8866 §6.6, §6.15).
package struct AudioFormat: Sendable, Equatable {
    package var payloadType: UInt8
    package var encoding: String
    package var clockRate: Int
    package var channels: Int
    /// The format parameters as written.
    package var parameters: String?
    /// Whether its receiver asks for lost packets (`rtcp-fb` with `nack`, RFC 4585 §4.2).
    package var hasNACK: Bool

    package init(
        payloadType: UInt8, encoding: String, clockRate: Int, channels: Int = 1, parameters: String? = nil,
        hasNACK: Bool = false
    ) {
        self.payloadType = payloadType
        self.encoding = encoding
        self.clockRate = clockRate
        self.channels = channels
        self.parameters = parameters
        self.hasNACK = hasNACK
    }

    /// RFC 7587 §7, with the parameters browsers offer.
    package static let opus = AudioFormat(
        payloadType: 111, encoding: "opus", clockRate: 48_000, channels: 2,
        parameters: "minptime=10;useinbandfec=1")
    package static let g722 = AudioFormat(payloadType: 9, encoding: "G722", clockRate: 8_000)
    package static let pcmu = AudioFormat(payloadType: 0, encoding: "PCMU", clockRate: 8_000)
    package static let pcma = AudioFormat(payloadType: 8, encoding: "PCMA", clockRate: 8_000)

    /// RFC 2198 §4: one repetition of Opus.
    package static func redundancy(of format: AudioFormat) -> AudioFormat {
        AudioFormat(
            payloadType: 63, encoding: "red", clockRate: format.clockRate, channels: format.channels,
            parameters: "\(format.payloadType)/\(format.payloadType)")
    }

    /// RFC 4733 §2.4.1 with the sixteen keys of a telephone; nil at rates nobody here uses.
    package static func telephoneEvent(clockRate: Int) -> AudioFormat? {
        switch clockRate {
        case 48_000:
            AudioFormat(payloadType: 110, encoding: "telephone-event", clockRate: 48_000, parameters: "0-15")
        case 8_000:
            AudioFormat(payloadType: 126, encoding: "telephone-event", clockRate: 8_000, parameters: "0-15")
        default: nil
        }
    }

    /// Whether both name the same encoding, whatever payload type and parameters each gives it.
    package func hasSameEncoding(as other: AudioFormat) -> Bool {
        encoding.lowercased() == other.encoding.lowercased() && clockRate == other.clockRate
            && channels == other.channels
    }

    package var isTelephoneEvent: Bool { encoding.lowercased() == "telephone-event" }

    /// Whether it only repeats what others say (RFC 2198).
    package var isRedundancy: Bool { encoding.lowercased() == "red" }

    /// Whether it repeats that format and no other.
    package func isRedundancy(of format: AudioFormat) -> Bool {
        isRedundancy && clockRate == format.clockRate && channels == format.channels
            && parameters?.split(separator: "/").allSatisfy { UInt8($0) == format.payloadType } == true
    }

    /// The value of one of the parameters, where they are written `name=value;name=value`.
    package func parameter(_ name: String) -> Substring? {
        let pairs = parameters?.split(separator: ";").lazy.map { $0.drop { $0 == " " } }
        let pair = pairs?.first { $0.lowercased().hasPrefix(name + "=") }
        return pair?.dropFirst(name.utf8.count + 1)
    }
}

extension [AudioFormat] {
    /// The formats of a section in its order; a static payload type needs no `rtpmap` (RFC 3551 §6), a dynamic one
    /// without is left out.
    package init(of section: MediaDescription) {
        let maps = section.attributes.values(of: "rtpmap").compactMap(AudioFormat.init(rtpmap:))
        let parameters = section.attributes.values(of: "fmtp").compactMap { $0.payloadTypeAndRest }
        let nacks = section.attributes.values(of: "rtcp-fb").filter { $0.hasSuffix(" nack") }.map { $0.dropLast(5) }
        let hasFeedback = section.transport.hasSuffix("F")
        self = section.formats.compactMap { UInt8($0) }.compactMap { payloadType in
            let known = [AudioFormat.pcmu, .pcma, .g722].first { $0.payloadType == payloadType }
            guard var format = maps.first(where: { $0.payloadType == payloadType }) ?? known else { return nil }
            format.parameters = parameters.first { $0.payloadType == payloadType }?.rest
            format.hasNACK = hasFeedback && nacks.contains { $0 == "*" || UInt8($0) == payloadType }
            return format
        }
    }

    /// The telephone-event of the same clock rate, as RFC 4733 §2.1 wants it for one stream.
    package func telephoneEvent(matching format: AudioFormat) -> AudioFormat? {
        first { $0.isTelephoneEvent && $0.clockRate == format.clockRate }
    }

    /// What repeats the format, if anything does.
    package func redundancy(of format: AudioFormat) -> AudioFormat? {
        first { $0.isRedundancy(of: format) }
    }
}

extension AudioFormat {
    fileprivate init?(rtpmap: String) {
        guard let (payloadType, rest) = rtpmap.payloadTypeAndRest else { return nil }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), !parts[0].isEmpty, let clockRate = Int(parts[1]), clockRate > 0 else {
            return nil
        }
        guard let channels = parts.count == 3 ? Int(parts[2]) : 1, channels > 0 else { return nil }
        self.init(payloadType: payloadType, encoding: String(parts[0]), clockRate: clockRate, channels: channels)
    }

    var rtpmap: String {
        "\(payloadType) \(encoding)/\(clockRate)" + (channels == 1 ? "" : "/\(channels)")
    }
}

extension String {
    /// The two halves of an `rtpmap` or `fmtp` value.
    fileprivate var payloadTypeAndRest: (payloadType: UInt8, rest: String)? {
        let parts = split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let payloadType = UInt8(parts[0]), payloadType < 128 else { return nil }
        return (payloadType, String(parts[1]))
    }
}
