/// A moment on a clock that only moves forward, in nanoseconds since that clock's start.
///
/// Cores never read a clock: an instant is handed in with every input, so a test may run in virtual time.
package struct Instant: Hashable, Comparable, Sendable {
    package let nanoseconds: Int64

    @inlinable
    package init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    @inlinable
    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    @inlinable
    package static func + (start: Instant, duration: Duration) -> Instant {
        Instant(nanoseconds: start.nanoseconds + duration.nanoseconds)
    }

    @inlinable
    package static func - (start: Instant, duration: Duration) -> Instant {
        Instant(nanoseconds: start.nanoseconds - duration.nanoseconds)
    }

    @inlinable
    package static func - (end: Instant, start: Instant) -> Duration {
        .nanoseconds(end.nanoseconds - start.nanoseconds)
    }
}

extension Duration {
    @inlinable
    package var nanoseconds: Int64 {
        Int64(attoseconds / 1_000_000_000)
    }
}

/// The earlier of two deadlines, either of which may be absent.
package func earliest(_ first: Instant?, _ second: Instant?) -> Instant? {
    guard let first else { return second }
    guard let second else { return first }
    return min(first, second)
}
