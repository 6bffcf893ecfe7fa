import Wire

/// A timer that fires once at the instant it was last set to; setting it to the same instant again costs nothing.
///
/// Owned and used on its executor only, where `onFire` runs as well.
package final class DeadlineTimer {
    package init(on executor: QueueExecutor, onFire: @escaping () -> Void) {}

    /// When to fire next, nil for not at all.
    package var deadline: Instant?

    package func cancel() {}
}
