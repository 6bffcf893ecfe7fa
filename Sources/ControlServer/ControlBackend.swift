import ControlAPI
import Wire

/// What stands behind the control API; completions and deliveries may come from any thread.
package protocol ControlBackend: Sendable {
    func perform(
        _ command: Command, on seat: SeatName, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void)

    /// The snapshot of one seat or of everything, with the log position it is true for.
    func state(of seat: SeatName?, completion: @escaping @Sendable (JSON) -> Void)

    /// The last SIP messages of one seat or of all, in the format asked for.
    func sipTrace(_ query: TraceQuery, of seat: SeatName?, completion: @escaping @Sendable ([UInt8]) -> Void)

    /// The sound devices and their levels, after the change if there is one.
    func audio(_ change: AudioChange?, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void)

    /// Sends `sink` the events from `after` on, or new ones only, each once and in order, until `unsubscribe`.
    func subscribe(_ subscriber: SubscriberID, after: LogPosition?, to sink: any EventSink)
    func unsubscribe(_ subscriber: SubscriberID)

    /// Answers what is there in tests only and in no contract; false for everything else.
    func answerTest(
        _ path: Substring, body: [UInt8], completion: @escaping @Sendable (Result<JSON, Problem>) -> Void
    ) -> Bool
}

extension ControlBackend {
    package func answerTest(
        _ path: Substring, body: [UInt8], completion: @escaping @Sendable (Result<JSON, Problem>) -> Void
    ) -> Bool { false }
}

/// Names one subscription to the events for as long as the daemon runs.
package struct SubscriberID: Hashable, Sendable {
    private let rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }
}
