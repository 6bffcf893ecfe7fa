import Dispatch
import Glibc
import Wire

/// A bound and listening TCP socket whose connections nobody takes yet.
package struct ListeningSocket: Sendable {
    /// The address it listens on, with the actual port.
    package let localEndpoint: Endpoint
    let descriptor: FileDescriptor

    /// Listens on `endpoint`, whose port may be 0.
    package init(on endpoint: Endpoint) throws(SystemError) {
        let address = SocketAddress(endpoint)
        descriptor = try FileDescriptor.socket(SOCK_STREAM, for: address)
        try descriptor.setOption(SO_REUSEADDR, level: SOL_SOCKET, to: 1)
        try descriptor.bind(to: address)
        guard listen(descriptor.raw, 512) == 0 else { throw SystemError(call: .listen, code: errno) }
        localEndpoint = try descriptor.localEndpoint()
    }
}

/// Takes the connections of a ``ListeningSocket``; owned and used on its executor only, where `onAccept` runs as well.
package final class TCPListener {
    /// How long accepting stops when the process has no descriptor left for another connection.
    private static let exhaustionPause = Duration.milliseconds(100)
    /// How many connections are taken before others on the queue get their turn.
    private static let burst = 64

    private let executor: QueueExecutor
    private let socket: ListeningSocket
    private let onAccept: (_ connection: ConnectedSocket) -> Void
    private let source: any DispatchSourceRead
    /// Set while accepting is suspended.
    private var pause: DeadlineTimer?

    package init(
        _ socket: ListeningSocket, on executor: QueueExecutor,
        onAccept: @escaping (_ connection: ConnectedSocket) -> Void
    ) {
        self.executor = executor
        self.socket = socket
        self.onAccept = onAccept
        source = DispatchSource.makeReadSource(fileDescriptor: socket.descriptor.raw, queue: executor.queue)
        source.setCancelHandler { _ = socket }
        source.setEventHandler { [weak self] in self?.acceptAll() }
        source.activate()
    }

    deinit {
        close()
    }

    /// Stops listening and gives the port back; may be called again.
    package func close() {
        source.cancel()
        resume()
    }

    private func acceptAll() {
        for _ in 0..<Self.burst where !source.isCancelled {
            var address = SocketAddress()
            let raw = address.withMutablePointer { accept(socket.descriptor.raw, $0, $1) }
            if raw >= 0 {
                let accepted = FileDescriptor(raw)
                guard let remote = address.endpoint, accepted.makeNonBlocking() else { continue }
                onAccept(ConnectedSocket(accepted, local: socket.localEndpoint, remote: remote))
            } else if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) {
                suspend()
                return
            } else if errno == EAGAIN {
                return
            }
        }
    }

    private func suspend() {
        source.suspend()
        pause = DeadlineTimer(on: executor) { [weak self] in self?.resume() }
        pause?.deadline = MonotonicClock.now + Self.exhaustionPause
    }

    private func resume() {
        guard pause != nil else { return }
        pause = nil
        source.resume()
    }
}

extension FileDescriptor {
    /// What ``socket(_:for:)`` asks for at once; an accepted socket inherits neither.
    fileprivate func makeNonBlocking() -> Bool {
        fcntl(raw, F_SETFL, O_NONBLOCK) == 0 && fcntl(raw, F_SETFD, FD_CLOEXEC) == 0
    }
}
