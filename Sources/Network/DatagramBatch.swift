import CDatagram
import Glibc
import Wire

/// Room for some datagrams that are read with one system call, each with when it came; the sockets of one executor share it.
final class DatagramBatch {
    /// A `mmsghdr`.
    private struct Message {
        var header = msghdr()
        var length: UInt32 = 0
    }

    static let capacity = 8
    /// Longer than any datagram of UDP.
    private static let length = 65_536
    /// For a `cmsghdr` and a `timespec`, and something beside them.
    private static let controlLength = 64
    /// What seems to have waited for longer has not: the wall clock was set meanwhile.
    private static let maximumAge: Int64 = 1_000_000_000

    private let messages = UnsafeMutablePointer<Message>.allocate(capacity: capacity)
    private let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: capacity)
    private let names = UnsafeMutablePointer<sockaddr_storage>.allocate(capacity: capacity)
    private let control = UnsafeMutableRawPointer.allocate(byteCount: capacity * controlLength, alignment: 8)
    /// Not written to beforehand: most of it is never used, and then takes no memory.
    private let octets = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * length)

    init() {
        names.initialize(repeating: sockaddr_storage(), count: Self.capacity)
        for index in 0..<Self.capacity {
            (vectors + index).initialize(to: iovec(iov_base: octets + index * Self.length, iov_len: Self.length))
            (messages + index).initialize(to: Message())
            makeReady(index)
        }
    }

    deinit {
        messages.deallocate()
        vectors.deallocate()
        names.deallocate()
        control.deallocate()
        octets.deallocate()
    }

    /// Reads what is there and hands it over in the order in which it came; gives how many datagrams that were.
    func receive(
        from descriptor: Int32,
        _ body: (_ datagram: Span<UInt8>, _ source: Endpoint, _ arrival: Instant) -> Void
    ) -> Int {
        let count = Int(
            phonebard_recvmmsg(descriptor, messages, UInt32(Self.capacity), Int32(MSG_DONTWAIT), nil))
        guard count > 0 else { return 0 }
        let (now, wallClock) = (MonotonicClock.now, Self.wallClock)
        for index in 0..<count {
            let datagram = UnsafeBufferPointer(start: octets + index * Self.length, count: Int(messages[index].length))
            let waited = timestamp(index).map { wallClock - $0 } ?? 0
            let age = (0...Self.maximumAge).contains(waited) ? waited : 0
            if let source = source(index) { body(datagram.span, source, Instant(nanoseconds: now.nanoseconds - age)) }
            makeReady(index)
        }
        return count
    }

    private func makeReady(_ index: Int) {
        messages[index].header = msghdr(
            msg_name: names + index, msg_namelen: socklen_t(MemoryLayout<sockaddr_storage>.size),
            msg_iov: vectors + index, msg_iovlen: 1, msg_control: control + index * Self.controlLength,
            msg_controllen: Self.controlLength, msg_flags: 0)
    }

    private func source(_ index: Int) -> Endpoint? {
        UnsafePointer(names + index).withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
            SocketAddress(copying: name).endpoint
        }
    }

    /// When the system took the datagram in, by the wall clock and in nanoseconds (`SO_TIMESTAMPNS`).
    private func timestamp(_ index: Int) -> Int64? {
        let start = UnsafeRawPointer(control + index * Self.controlLength)
        let length = MemoryLayout<cmsghdr>.size
        guard messages[index].header.msg_controllen >= length + MemoryLayout<timespec>.size,
            case let header = start.load(as: cmsghdr.self),
            header.cmsg_level == SOL_SOCKET, header.cmsg_type == SO_TIMESTAMPNS
        else { return nil }
        return start.load(fromByteOffset: length, as: timespec.self).inNanoseconds
    }

    private static var wallClock: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.inNanoseconds
    }
}

extension timespec {
    fileprivate var inNanoseconds: Int64 { Int64(tv_sec) * 1_000_000_000 + Int64(tv_nsec) }
}
