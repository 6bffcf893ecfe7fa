import Logging

/// What callbacks report, for a test that waits for it.
struct Mailbox<Element: Sendable>: Sendable {
    struct TimedOut: Error {}

    private let stream: AsyncStream<Element>
    private let continuation: AsyncStream<Element>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func post(_ element: Element) {
        continuation.yield(element)
    }

    func next(within limit: Duration = .seconds(20)) async throws -> Element {
        try await withThrowingTaskGroup(of: Element?.self) { group in
            group.addTask { await stream.first { _ in true } }
            group.addTask {
                try await Task.sleep(for: limit)
                throw TimedOut()
            }
            defer { group.cancelAll() }
            guard let element = try await group.next() ?? nil else { throw TimedOut() }
            return element
        }
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
