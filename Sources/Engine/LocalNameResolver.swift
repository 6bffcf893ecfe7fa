import ICE
import Network
import Wire

/// Asks the machines on the same links for the addresses of their names (RFC 6762); owned and used on its executor only.
///
/// Asks from the port everyone listens on, as there are hosts that answer to all and never to the asker.
final class LocalNameResolver {
    private static let interval = Duration.milliseconds(500)
    private static let attempts = 4

    private struct Question {
        let name: LocalName
        let onEnd: (IPAddress?) -> Void
        var attempts = 0
    }

    private let executor: QueueExecutor
    private var socket: UDPSocket?
    private var timer: DeadlineTimer?
    private var questions: [Question] = []

    init(on executor: QueueExecutor) {
        self.executor = executor
        timer = DeadlineTimer(on: executor) { [weak self] in self?.askAgain() }
    }

    /// Asks on the links that these addresses of ours belong to; `onEnd` is called with the address, or nil if none has come
    /// after two seconds.
    func resolve(_ text: String, on addresses: [IPAddress], onEnd: @escaping (IPAddress?) -> Void) {
        guard let name = LocalName(text) else { return onEnd(nil) }
        if socket == nil {
            socket = try? UDPSocket(joining: LocalName.group, on: addresses, executor) { [weak self] message, _, _ in
                self?.receive(message)
            }
        }
        guard let socket else { return onEnd(nil) }
        questions.append(Question(name: name, onEnd: onEnd, attempts: 1))
        socket.multicast(name.query.span)
        if timer?.deadline == nil { timer?.deadline = MonotonicClock.now + Self.interval }
    }

    func close() {
        timer = nil
        socket?.close()
        socket = nil
        questions = []
    }

    private func askAgain() {
        let given = questions.filter { $0.attempts >= Self.attempts }
        questions.removeAll { $0.attempts >= Self.attempts }
        for index in questions.indices {
            questions[index].attempts += 1
            socket?.multicast(questions[index].name.query.span)
        }
        if !questions.isEmpty { timer?.deadline = MonotonicClock.now + Self.interval }
        for question in given { question.onEnd(nil) }
    }

    private func receive(_ message: Span<UInt8>) {
        for question in questions {
            guard let address = question.name.address(in: message) else { continue }
            questions.removeAll { $0.name == question.name }
            question.onEnd(address)
        }
    }
}
