import ControlAPI
import FoundationEssentials
import Wire

/// `POST /v1/test/events` with `{"count", "size"}`: makes up so many events of about so many bytes of JSON text.
///
/// They take the same way as those of a seat, and a number in its state counts them as a seat's state follows its events. `at` is the monotonic
/// clock, so that a bench on the same machine knows how long one was on its way.
struct EventInjection {
    static let path = "/v1/test/events"
    private static let envelopeSize = 170

    let count: Int
    let size: Int

    init?(body: [UInt8]) {
        guard let json = try? JSONDecoder().decode(JSON.self, from: Data(body)),
            let count = json["count"]?.lenientInteger, let size = json["size"]?.lenientInteger,
            1...100_000 ~= count, 0...65_536 ~= size
        else { return nil }
        self.count = Int(count)
        self.size = Int(size)
    }

    func content(number: Int, at now: Moment) -> Event.Content {
        let padding = String(repeating: "x", count: max(0, size - Self.envelopeSize))
        return Event.Content(
            .statusChanged,
            data: [
                "at": .integer(now.instant.nanoseconds), "injected": .integer(Int64(number)),
                "padding": .string(padding),
            ])
    }
}

extension Switchboard {
    nonisolated func answerTest(
        _ path: Substring, body: [UInt8], completion: @escaping @Sendable (JSON) -> Void
    ) -> Bool {
        guard mayInject, path == EventInjection.path, let injection = EventInjection(body: body) else { return false }
        enter { completion($0.inject(injection)) }
        return true
    }

    /// The position of the last one.
    func inject(_ injection: EventInjection) -> JSON {
        for _ in 0..<injection.count {
            injected += 1
            let now = Moment.now
            events.publish(injection.content(number: injected, at: now), seat: Self.seatName, at: now)
        }
        return ["after": .string(events.position.description)]
    }
}
