import ControlAPI
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
        guard let json = try? JSON(parsing: body),
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

extension Seats {
    /// So many are told before the next happen.
    private static let injectionCount = 1024

    nonisolated func answerTest(
        _ path: Substring, body: [UInt8], completion: @escaping @Sendable (Result<JSON, Problem>) -> Void
    ) -> Bool {
        guard mayInject, path == EventInjection.path, let injection = EventInjection(body: body) else { return false }
        Task { completion(await inject(injection)) }
        return true
    }

    /// The position of the last one, when that has been told.
    private func inject(_ injection: EventInjection) async -> Result<JSON, Problem> {
        var position = events.position
        for start in stride(from: 0, to: injection.count, by: Self.injectionCount) {
            guard !isStopping else { return .failure(.notReady) }
            for _ in start..<min(start + Self.injectionCount, injection.count) {
                injected += 1
                let now = Moment.now
                events.publish(injection.content(number: injected, at: now), seat: SeatName.default.text, at: now)
            }
            position = events.position
            await events.settled()
        }
        return .success(["after": .string(position.description)])
    }
}
