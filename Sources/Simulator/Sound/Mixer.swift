import Audio
import Network
import Wire

/// Lets everybody in a room hear everybody else there.
///
/// All of it lives on one queue that beats every 20 ms while there is a room; a beat neither allocates nor locks.
final class Mixer: @unchecked Sendable {
    struct Member: Sendable {
        let participant: any Participant
        let hears: Bool
        let isHeard: Bool
    }

    private let executor = QueueExecutor(label: "platform.mixer")
    // What follows is touched on the queue only.
    private var rooms: [RoomID: Room] = [:]
    private var metronome: RepeatingTimer?

    /// From now on these are in the room; one without members is gone.
    func arrange(_ room: RoomID, _ members: [Member]) {
        executor.async { [self] in
            rooms[room] = members.isEmpty ? nil : Room(members)
            if rooms.isEmpty { metronome = nil }
            if !rooms.isEmpty, metronome == nil {
                metronome = RepeatingTimer(on: executor, every: AudioFormat.frameDuration) { [weak self] in self?.beat()
                }
            }
        }
    }

    /// What a customer hears, measured.
    func reading(of customer: CustomerSound) async -> ToneMeter.Reading {
        await withCheckedContinuation { continuation in
            executor.async { continuation.resume(returning: customer.reading) }
        }
    }

    private func beat() {
        for room in rooms.values { room.mix() }
    }
}

/// One conversation.
private final class Room {
    /// A member, and what he has just said.
    private final class Place {
        let member: Mixer.Member
        var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)

        init(_ member: Mixer.Member) {
            self.member = member
        }
    }

    private let places: [Place]
    private var sum = [Int32](repeating: 0, count: AudioFormat.samplesPerFrame)
    private var mixed = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)

    init(_ members: [Mixer.Member]) {
        places = members.map(Place.init)
    }

    /// Who is not heard is asked all the same, so as to have nothing old to say later.
    func mix() {
        for sample in sum.indices { sum[sample] = 0 }
        for place in places {
            Self.fill(&place.frame, from: place.member.participant)
            guard place.member.isHeard else { continue }
            for sample in sum.indices { sum[sample] &+= Int32(place.frame[sample]) }
        }
        for place in places where place.member.hears {
            for sample in sum.indices {
                let others = sum[sample] &- (place.member.isHeard ? Int32(place.frame[sample]) : 0)
                mixed[sample] = Int16(clamping: others)
            }
            let heard = mixed
            place.member.participant.hear(heard.span)
        }
    }

    private static func fill(_ frame: inout [Int16], from participant: any Participant) {
        var samples = frame.mutableSpan
        participant.say(into: &samples)
    }
}
