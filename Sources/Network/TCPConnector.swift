import Dispatch
import Glibc
import Wire

/// Connects to the first of several addresses that answers; owned and used on its executor only, where `onEnd` runs.
final class TCPConnector {
    private let executor: QueueExecutor
    private let onEnd: (Result<ConnectedSocket, SystemError>) -> Void
    private var race: ConnectionRace
    private var attempts: [Int32: any DispatchSourceWrite] = [:]
    private var lastError = SystemError(call: .connect, code: EHOSTUNREACH)
    private var timer: DeadlineTimer?

    /// `onEnd` is called once, unless ``cancel()`` comes first.
    init(
        to endpoints: [Endpoint], on executor: QueueExecutor,
        onEnd: @escaping (Result<ConnectedSocket, SystemError>) -> Void
    ) {
        self.executor = executor
        self.onEnd = onEnd
        race = ConnectionRace(endpoints, at: MonotonicClock.now)
        timer = DeadlineTimer(on: executor) { [weak self] in self?.tryNext() }
        timer?.deadline = race.deadline
    }

    deinit {
        cancel()
    }

    func cancel() {
        timer = nil
        for source in attempts.values { source.cancel() }
        attempts = [:]
    }

    private func tryNext() {
        guard let endpoint = race.next(at: MonotonicClock.now) else { return end(.failure(lastError)) }
        do {
            try begin(endpoint)
            timer?.deadline = race.deadline
        } catch {
            attemptFailed(error)
        }
    }

    private func attemptFailed(_ error: SystemError) {
        lastError = error
        race.failed(at: MonotonicClock.now)
        if race.isLost { return end(.failure(lastError)) }
        timer?.deadline = race.deadline
    }

    private func begin(_ endpoint: Endpoint) throws(SystemError) {
        let address = SocketAddress(endpoint)
        let descriptor = try FileDescriptor.socket(SOCK_STREAM, for: address)
        let result = address.withPointer { connect(descriptor.raw, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else { throw SystemError(call: .connect, code: errno) }
        let source = DispatchSource.makeWriteSource(fileDescriptor: descriptor.raw, queue: executor.queue)
        source.setCancelHandler { _ = descriptor }
        source.setEventHandler { [weak self] in self?.finish(descriptor, endpoint) }
        source.activate()
        attempts[descriptor.raw] = source
    }

    private func finish(_ descriptor: FileDescriptor, _ endpoint: Endpoint) {
        guard let source = attempts.removeValue(forKey: descriptor.raw) else { return }
        source.cancel()
        do {
            try descriptor.pendingError()
            end(.success(ConnectedSocket(descriptor, local: try descriptor.localEndpoint(), remote: endpoint)))
        } catch {
            attemptFailed(error)
        }
    }

    private func end(_ result: Result<ConnectedSocket, SystemError>) {
        cancel()
        onEnd(result)
    }
}

extension FileDescriptor {
    /// Throws what an asynchronous connect has failed with.
    fileprivate func pendingError() throws(SystemError) {
        var code: Int32 = 0
        var count = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(raw, SOL_SOCKET, SO_ERROR, &code, &count) == 0 else {
            throw SystemError(call: .connect, code: errno)
        }
        guard code == 0 else { throw SystemError(call: .connect, code: code) }
    }
}
