import Audio

/// One conversation: each hears the sum of all the others.
final class Mix {
    struct Member: Sendable {
        let participant: any Participant
        let hears: Bool
        let isHeard: Bool
    }

    /// A member, and what he has just said.
    private final class Place {
        let member: Member
        var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)

        init(_ member: Member) {
            self.member = member
        }
    }

    private let places: [Place]
    private var sum = [Int32](repeating: 0, count: AudioFormat.samplesPerFrame)
    private var mixed = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)

    init(_ members: [Member]) {
        places = members.map(Place.init)
    }

    /// The next 20 ms. Who is not heard is asked all the same, so as to have nothing old to say later.
    func beat() {
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
