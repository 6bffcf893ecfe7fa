/// One moment on both clocks a core may need: the monotonic one for deadlines and the calendar for what people read.
package struct Moment: Hashable, Sendable {
    package let instant: Instant
    /// Milliseconds since 1970-01-01 00:00 UTC.
    package let unixMilliseconds: Int64

    package init(instant: Instant, unixMilliseconds: Int64) {
        self.instant = instant
        self.unixMilliseconds = unixMilliseconds
    }

    package var unixSeconds: Int64 { unixMilliseconds / 1000 }

    package static func + (start: Moment, duration: Duration) -> Moment {
        Moment(
            instant: start.instant + duration,
            unixMilliseconds: start.unixMilliseconds + duration.nanoseconds / 1_000_000)
    }
}
