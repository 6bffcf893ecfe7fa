import CNetlink
import Dispatch
import Glibc
import Wire

/// Tells when the machine's links, addresses or routes have changed, by rtnetlink(7); owned and used on its executor only,
/// where `onChange` runs as well.
///
/// One change comes as a burst of messages, so it is told once they have paused, or have gone on for long enough.
package final class NetworkWatcher {
    private static let pause = Duration.milliseconds(100)
    private static let longestBurst = Duration.milliseconds(500)
    private static let groups =
        UInt32(RTMGRP_LINK) | UInt32(RTMGRP_IPV4_IFADDR) | UInt32(RTMGRP_IPV4_ROUTE) | UInt32(RTMGRP_IPV6_IFADDR)
        | UInt32(RTMGRP_IPV6_ROUTE)

    private let descriptor: FileDescriptor
    private let source: any DispatchSourceRead
    private let onChange: () -> Void
    private var timer: DeadlineTimer?
    private var burstEnd: Instant?

    package init(on executor: QueueExecutor, onChange: @escaping () -> Void) throws(SystemError) {
        let flags = SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        let raw = socket(AF_NETLINK, Int32(flags), NETLINK_ROUTE)
        guard raw >= 0 else { throw SystemError(call: .socket, code: errno) }
        let descriptor = FileDescriptor(raw)
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = Self.groups
        let bound = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(raw, $0, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        guard bound == 0 else { throw SystemError(call: .bind, code: errno) }
        self.descriptor = descriptor
        self.onChange = onChange
        source = DispatchSource.makeReadSource(fileDescriptor: raw, queue: executor.queue)
        source.setCancelHandler { _ = descriptor }
        timer = DeadlineTimer(on: executor) { [weak self] in self?.burstEnded() }
        source.setEventHandler { [weak self] in self?.receive() }
        source.activate()
    }

    deinit {
        source.cancel()
    }

    /// What the messages say does not matter, and it may be more than there was room for: who is told looks for himself.
    private func receive() {
        var byte: UInt8 = 0
        while recv(descriptor.raw, &byte, 1, 0) >= 0 || errno == EINTR || errno == ENOBUFS {}
        let now = MonotonicClock.now
        let end = burstEnd ?? now + Self.longestBurst
        burstEnd = end
        timer?.deadline = min(now + Self.pause, end)
    }

    private func burstEnded() {
        burstEnd = nil
        onChange()
    }
}
