import CEpoll
import Glibc
import Wire

/// Room for some datagrams that are read with one system call, each with when it came.
final class DatagramBatch {
    /// `struct mmsghdr`, whose fields lie like this.
    private struct Message {
        var header = msghdr()
        var length: UInt32 = 0
    }

    private static let capacity = 8
    private static let length = 2_048
    private static let controlLength = 64

    private let headers = UnsafeMutablePointer<Message>.allocate(capacity: capacity)
    private let vectors = UnsafeMutablePointer<iovec>.allocate(capacity: capacity)
    private let names = UnsafeMutablePointer<sockaddr_storage>.allocate(capacity: capacity)
    private let octets = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * length)
    private let control = UnsafeMutableRawPointer.allocate(byteCount: capacity * controlLength, alignment: 8)

    init() {
        names.initialize(repeating: sockaddr_storage(), count: Self.capacity)
        octets.initialize(repeating: 0, count: Self.capacity * Self.length)
        for index in 0..<Self.capacity {
            (vectors + index).initialize(
                to: iovec(iov_base: octets + index * Self.length, iov_len: Self.length))
            (headers + index).initialize(to: Message())
        }
    }

    deinit {
        headers.deallocate()
        vectors.deallocate()
        names.deallocate()
        octets.deallocate()
        control.deallocate()
    }

    /// Reads what is there, and hands over all that came whole; gives how many came.
    func receive(
        from descriptor: Int32, _ body: (_ datagram: Span<UInt8>, _ source: Endpoint, _ arrival: Instant) -> Void
    ) -> Int {
        prepare()
        let count = Int(phonebard_recvmmsg(descriptor, headers, UInt32(Self.capacity), Int32(MSG_DONTWAIT), nil))
        guard count > 0 else { return 0 }
        let (wall, now) = (WallClock.nanoseconds, MonotonicClock.now)
        for index in 0..<count {
            let header = headers[index]
            let isWhole = header.header.msg_flags & Int32(MSG_TRUNC) == 0
            guard isWhole, let source = source(of: index) else { continue }
            let age = arrivedAt(index).map { max(0, wall - $0) } ?? 0
            let datagram = UnsafeBufferPointer(start: octets + index * Self.length, count: Int(header.length))
            body(datagram.span, source, now - .nanoseconds(age))
        }
        return count
    }

    private func prepare() {
        for index in 0..<Self.capacity {
            headers[index].header = msghdr(
                msg_name: names + index, msg_namelen: socklen_t(MemoryLayout<sockaddr_storage>.size),
                msg_iov: vectors + index, msg_iovlen: 1, msg_control: control + index * Self.controlLength,
                msg_controllen: Self.controlLength, msg_flags: 0)
        }
    }

    private func source(of index: Int) -> Endpoint? {
        UnsafeRawPointer(names + index).withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            SocketAddress(copying: pointer).endpoint
        }
    }

    /// What the system noted on the wall clock, when it did (SO_TIMESTAMPNS).
    private func arrivedAt(_ index: Int) -> Int64? {
        let start = UnsafeRawPointer(control + index * Self.controlLength)
        let header = start.loadUnaligned(as: cmsghdr.self)
        let length = MemoryLayout<cmsghdr>.size
        guard headers[index].header.msg_controllen >= length + MemoryLayout<timespec>.size,
            header.cmsg_level == SOL_SOCKET, header.cmsg_type == SO_TIMESTAMPNS
        else { return nil }
        let time = start.loadUnaligned(fromByteOffset: length, as: timespec.self)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

private enum WallClock {
    static var nanoseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
