import Dispatch
import Glibc
import Wire

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

    /// Stops listening and gives the address back; may be called again.
    package func close() {
        socket.file?.remove()
        source.cancel()
        resume()
    }

    private func acceptAll() {
        for _ in 0..<Self.burst where !source.isCancelled {
            var address = SocketAddress()
            let raw = address.withMutablePointer { accept(socket.descriptor.raw, $0, $1) }
            if raw >= 0 {
                accepted(FileDescriptor(raw), from: address)
            } else if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) {
                suspend()
                return
            } else if errno == EAGAIN {
                return
            }
        }
    }

    private func accepted(_ descriptor: FileDescriptor, from address: SocketAddress) {
        guard descriptor.makeNonBlocking() else { return }
        if let local = socket.localEndpoint, let remote = address.endpoint {
            onAccept(ConnectedSocket(descriptor, local: local, remote: remote))
        } else if let peer = SocketPeer.Credentials(peerOf: descriptor) {
            onAccept(ConnectedSocket(descriptor, peer: peer))
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
