import Glibc

/// The watchdog of the service manager, which ends a service that does not feed it (sd_watchdog_enabled(3)).
package struct Watchdog: Sendable {
    /// Half of the time it waits, as its manual page asks.
    package let interval: Duration

    /// Nil when there is none, or it is another process's.
    package init?(environment: [String: String], processID: Int32 = getpid()) {
        guard let microseconds = environment["WATCHDOG_USEC"].flatMap({ Int64($0) }), microseconds > 0,
            environment["WATCHDOG_PID"].map({ Int32($0) == processID }) ?? true
        else { return nil }
        interval = .microseconds(microseconds) / 2
    }

    /// Feeds it each time `sign` of life has come, until the task is cancelled.
    package func feed(through notifier: Notifier, sign: @Sendable () async -> Void) async {
        while !Task.isCancelled {
            await sign()
            notifier.tell(.alive)
            try? await Task.sleep(for: interval)
        }
    }
}
