import Wire

/// The packets that were sent last, to be sent once more when the peer asks (RFC 4585 §6.2.1): each a few times only, so that
/// nobody is sent much more than the sound.
package struct SentPackets: Sendable {
    private static let capacity = UInt16([32 of Entry?].count)
    /// Longer packets are not kept.
    private static let maximumLength = 640
    private static let maximumRepetitions = 3

    private struct Entry: Sendable {
        let sequenceNumber: UInt16
        let length: Int
        var repetitionsLeft = maximumRepetitions
    }

    private var entries: [32 of Entry?] = .init(repeating: nil)
    private var bytes = [UInt8](repeating: 0, count: Int(capacity) * maximumLength)

    package init() {}

    package mutating func store(_ packet: Span<UInt8>, sequenceNumber: UInt16) {
        let slot = Int(sequenceNumber % Self.capacity)
        guard packet.count <= Self.maximumLength else {
            entries[slot] = nil
            return
        }
        entries[slot] = Entry(sequenceNumber: sequenceNumber, length: packet.count)
        var room = bytes.mutableSpan
        room.replace(from: slot * Self.maximumLength, with: packet)
    }

    /// The packet as it was sent, if it is still there and was not asked for too often.
    package mutating func packet(_ sequenceNumber: UInt16) -> [UInt8]? {
        let slot = Int(sequenceNumber % Self.capacity)
        guard let entry = entries[slot], entry.sequenceNumber == sequenceNumber, entry.repetitionsLeft > 0 else {
            return nil
        }
        entries[slot]?.repetitionsLeft -= 1
        return Array(bytes[slot * Self.maximumLength..<slot * Self.maximumLength + entry.length])
    }
}

/// Which packets to ask the peer for once more, and when.
///
/// Asked as soon as a later packet has come, and again when the answer should be there: no timer, as packets come all
/// the time.
package struct LossRequests: Sendable {
    private struct Gap: Sendable {
        let number: UInt16
        var askedAt: Instant?
        var tries = 0
    }

    private static let maximumGaps = 16
    private static let maximumTries = 3
    /// What the round trip is taken for before it is known.
    private static let assumedRoundTrip = Duration.milliseconds(100)

    private var gaps: [Gap] = [] {
        didSet { isEmpty = gaps.isEmpty }
    }
    /// Whether nothing is missing.
    package private(set) var isEmpty = true
    private var highest: UInt16?

    package init() {
        gaps.reserveCapacity(Self.maximumGaps)
    }

    /// Takes note of a packet that has come, and says whether it was asked for.
    @discardableResult
    package mutating func receive(_ sequenceNumber: UInt16, _ arrival: RTPReceiver.Arrival) -> Bool {
        switch arrival {
        case .restarted:
            gaps.removeAll(keepingCapacity: true)
            highest = sequenceNumber
        case .inOrder: passOver(until: sequenceNumber)
        case .late:
            guard let index = gaps.firstIndex(where: { $0.number == sequenceNumber }) else { return false }
            return gaps.remove(at: index).askedAt != nil
        case .duplicate, .implausible: break
        }
        return false
    }

    private mutating func passOver(until sequenceNumber: UInt16) {
        defer { highest = sequenceNumber }
        guard let highest else { return }
        let missing = Int(sequenceNumber &- highest) - 1
        guard missing > 0, gaps.count + missing <= Self.maximumGaps else { return }
        for step in 1...missing {
            gaps.append(Gap(number: highest &+ UInt16(truncatingIfNeeded: step)))
        }
    }

    /// What to ask for now.
    /// - Parameter timeLeft: how long until a packet is to be played; nil when that is over.
    package mutating func due(
        at now: Instant, roundTrip: Duration?, timeLeft: (UInt16) -> Duration?
    ) -> [UInt16] {
        guard !gaps.isEmpty else { return [] }
        let roundTrip = roundTrip ?? Self.assumedRoundTrip
        gaps.removeAll { gap in
            // Of what was asked for an answer may still be on its way.
            if let askedAt = gap.askedAt { return now - askedAt >= roundTrip * 3 }
            return (timeLeft(gap.number) ?? .zero) <= roundTrip
        }
        var due: [UInt16] = []
        for index in gaps.indices where gaps[index].tries < Self.maximumTries {
            if let askedAt = gaps[index].askedAt, now - askedAt < roundTrip * 3 / 2 { continue }
            guard let left = timeLeft(gaps[index].number), left > roundTrip else { continue }
            gaps[index].askedAt = now
            gaps[index].tries += 1
            due.append(gaps[index].number)
        }
        return due
    }
}
