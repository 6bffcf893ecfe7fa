import Wire

/// Room for a fixed number of payloads, found again by their sequence numbers; nothing is allocated after the start.
struct PacketRing: Sendable {
    /// How many numbers lie between the oldest packet that is held and the newest that may be.
    static let capacity: UInt16 = 64
    /// The longest payload that is kept.
    static let maximumPayloadLength = 1_500

    struct Entry: Sendable {
        let sequenceNumber: UInt16
        let timestamp: UInt32
        /// How long the payload lasts; 0 for a packet that is no audio.
        let samples: UInt32
        let arrivedAt: Instant
        fileprivate let length: Int
        fileprivate var isPlayed = false

        var end: UInt32 { timestamp &+ samples }
        var isAudio: Bool { samples > 0 }
    }

    private var entries = [Entry?](repeating: nil, count: Int(capacity))
    private var payloads = [UInt8](repeating: 0, count: Int(capacity) * maximumPayloadLength)

    private static func slot(of sequenceNumber: UInt16) -> Int { Int(sequenceNumber % capacity) }

    /// The packet of a number, unless it was played.
    subscript(_ sequenceNumber: UInt16) -> Entry? {
        guard let entry = entries[Self.slot(of: sequenceNumber)], entry.sequenceNumber == sequenceNumber,
            !entry.isPlayed
        else { return nil }
        return entry
    }

    /// Whether a packet of that number is held or was, lately.
    func knows(_ sequenceNumber: UInt16) -> Bool {
        entries[Self.slot(of: sequenceNumber)]?.sequenceNumber == sequenceNumber
    }

    /// Keeps a packet in place of whatever had its slot; the payload must not be too long.
    mutating func store(_ header: RTPHeader, samples: UInt32, payload: Span<UInt8>, at now: Instant) {
        let slot = Self.slot(of: header.sequenceNumber)
        var room = payloads.mutableSpan
        room.replace(from: slot * Self.maximumPayloadLength, with: payload)
        entries[slot] = Entry(
            sequenceNumber: header.sequenceNumber, timestamp: header.timestamp, samples: samples, arrivedAt: now,
            length: payload.count)
    }

    /// Lets go of a packet, whose number remains known.
    mutating func remove(_ entry: Entry) {
        entries[Self.slot(of: entry.sequenceNumber)]?.isPlayed = true
    }

    mutating func removeAll() {
        for slot in entries.indices { entries[slot] = nil }
    }

    func withPayload(of entry: Entry, _ body: (Span<UInt8>) -> Void) {
        let start = Self.slot(of: entry.sequenceNumber) * Self.maximumPayloadLength
        body(payloads.span.extracting(start..<start + entry.length))
    }

    /// The first audio packet from a number on.
    func firstAudio(from sequenceNumber: UInt16) -> Entry? {
        for step in 0..<Self.capacity {
            if let entry = self[sequenceNumber &+ step], entry.isAudio { return entry }
        }
        return nil
    }
}
