import CEpoll
import Dispatch
import Glibc
import Wire

/// Tells when sockets can be read or written, for all the sockets of one executor.
///
/// Dispatch watches one epoll set in place of each socket: a source of its own would cost every socket a system call and
/// two thread changes per event. Used on its executor only, where `onReady` of a ``Watch`` runs as well.
final class SocketPoller {
    struct Interest: OptionSet {
        let rawValue: UInt32

        static let reading = Interest(rawValue: EPOLLIN.rawValue)
        static let writing = Interest(rawValue: EPOLLOUT.rawValue)
    }

    /// What a socket is ready for.
    struct Readiness {
        fileprivate let events: UInt32

        var isReadable: Bool { events & EPOLLIN.rawValue != 0 }
        var isWritable: Bool { events & EPOLLOUT.rawValue != 0 }
        /// Both directions have ended, or one has failed; said whatever one is interested in.
        var isDead: Bool { events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
    }

    /// How long the set is asked again and again before others on the queue get their turn.
    private static let turn = Duration.milliseconds(5)
    /// How long it is waited for, in milliseconds, where there is a ``Waker``.
    private static let patience: Int32 = 1
    private static let batch = 128
    /// What the set calls the waker; no ``Watch`` has it.
    private static let wakerID: UInt64 = 0
    private static let bufferSize = 64 * 1024

    /// What a socket is read into, until the next one is.
    var buffer = [UInt8](repeating: 0, count: bufferSize)
    /// Likewise, for sockets of datagrams.
    private(set) lazy var datagrams = DatagramBatch()
    private let set: FileDescriptor
    private let source: any DispatchSourceRead
    private let waker: Waker?
    private var watches: [UInt64: Watch] = [:]
    private var lastID: UInt64 = 0
    private var events = [epoll_event](repeating: epoll_event(), count: batch)

    init(on queue: DispatchQueue, waker: Waker?) throws(SystemError) {
        let raw = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard raw >= 0 else { throw SystemError(call: .epoll, code: errno) }
        let set = FileDescriptor(raw)
        self.set = set
        self.waker = waker
        if let waker {
            var event = epoll_event(events: Interest.reading.rawValue, data: epoll_data_t(u64: Self.wakerID))
            guard epoll_ctl(raw, EPOLL_CTL_ADD, waker.descriptor.raw, &event) == 0 else {
                throw SystemError(call: .epoll, code: errno)
            }
        }
        source = DispatchSource.makeReadSource(fileDescriptor: raw, queue: queue)
        source.setCancelHandler { _ = set }
        source.setEventHandler { [weak self] in self?.ready() }
        source.activate()
    }

    deinit {
        source.cancel()
    }

    private func ready() {
        let end = MonotonicClock.now + Self.turn
        repeat {
            let count = wait()
            guard count > 0 else { return }
            for index in 0..<count {
                let event = events[index]
                if event.data.u64 == Self.wakerID { waker?.reset() }
                // One that was handled before it may have ended this one.
                watches[event.data.u64]?.onReady(Readiness(events: event.events))
            }
        } while MonotonicClock.now < end && waker?.hasPendingWork != true
    }

    private func wait() -> Int {
        guard let waker else { return Int(epoll_wait(set.raw, &events, Int32(Self.batch), 0)) }
        return waker.waiting { mayWait in
            Int(epoll_wait(set.raw, &events, Int32(Self.batch), mayWait ? Self.patience : 0))
        }
    }

    private func control(_ operation: Int32, _ watch: Watch) -> Bool {
        var event = epoll_event(events: watch.interest.rawValue, data: epoll_data_t(u64: watch.id))
        return epoll_ctl(set.raw, operation, watch.descriptor.raw, &event) == 0
    }
}

extension SocketPoller {
    /// The watch over one socket, which stays open until ``cancel()``.
    final class Watch {
        fileprivate let id: UInt64
        fileprivate let descriptor: FileDescriptor
        fileprivate let onReady: (Readiness) -> Void
        private let poller: SocketPoller
        private var isCancelled = false

        /// What is to be told, besides the socket's death.
        var interest: Interest {
            didSet {
                guard interest != oldValue, !isCancelled else { return }
                let isChanged = poller.control(EPOLL_CTL_MOD, self)
                assert(isChanged, "a watched descriptor is open")
            }
        }

        init(
            _ descriptor: FileDescriptor, for interest: Interest, on poller: SocketPoller,
            onReady: @escaping (Readiness) -> Void
        ) throws(SystemError) {
            poller.lastID += 1
            id = poller.lastID
            self.descriptor = descriptor
            self.interest = interest
            self.poller = poller
            self.onReady = onReady
            guard poller.control(EPOLL_CTL_ADD, self) else { throw SystemError(call: .epoll, code: errno) }
            poller.watches[id] = self
        }

        /// Ends it; may be called again.
        func cancel() {
            guard !isCancelled else { return }
            isCancelled = true
            let isRemoved = poller.control(EPOLL_CTL_DEL, self)
            assert(isRemoved, "a watched descriptor is open")
            poller.watches[id] = nil
        }
    }
}
