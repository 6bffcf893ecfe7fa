import Dispatch
import Glibc

/// The request to end: SIGTERM from the service manager or SIGINT from a terminal.
package struct Termination: Sendable {
    private let requests: AsyncStream<Void>

    /// From now on the two signals end nothing by themselves.
    package init() {
        let (requests, continuation) = AsyncStream.makeStream(of: Void.self)
        self.requests = requests
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                _ = source
                continuation.yield()
            }
            source.activate()
        }
    }

    /// Returns once one has come.
    package func wait() async {
        for await _ in requests { break }
    }

    /// Does `work` and returns true when it is done; false, and goes on without it, when the time is over or another request
    /// comes.
    package func finish(within limit: Duration, _ work: @escaping @Sendable () async -> Void) async -> Bool {
        let (ends, continuation) = AsyncStream.makeStream(of: Bool.self)
        Task {
            await work()
            continuation.yield(true)
        }
        Task {
            await wait()
            continuation.yield(false)
        }
        Task {
            try? await Task.sleep(for: limit)
            continuation.yield(false)
        }
        for await isDone in ends { return isDone }
        return false
    }
}
