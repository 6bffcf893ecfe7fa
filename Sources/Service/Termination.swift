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
}
