import Foundation
import Glibc
import Service
import Testing

@Suite("The service manager is told, and hands sockets over")
struct SupervisionTests {
    @Test("Ready, status and stopping are datagrams to $NOTIFY_SOCKET (sd_notify(3)); a status is one line")
    func notification() throws {
        let manager = try DatagramReceiver()
        let notifier = try #require(Notifier(environment: ["NOTIFY_SOCKET": manager.path]))
        notifier.tell(.ready, .status("listening on\n127.0.0.1:8460"))
        #expect(try manager.nextText() == "READY=1\nSTATUS=listening on 127.0.0.1:8460")
        notifier.tell(.stopping(within: .milliseconds(1500)))
        #expect(try manager.nextText() == "STOPPING=1\nEXTEND_TIMEOUT_USEC=1500000")
    }

    @Test("The watchdog is fed each time there is a sign of life, and not without (sd_watchdog_enabled(3))")
    func watchdog() async throws {
        let manager = try DatagramReceiver()
        let notifier = try #require(Notifier(environment: ["NOTIFY_SOCKET": manager.path]))
        let environment = ["WATCHDOG_USEC": "2000", "WATCHDOG_PID": "77"]
        let watchdog = try #require(Watchdog(environment: environment, processID: 77))
        #expect(watchdog.interval == .milliseconds(1))
        let (signs, continuation) = AsyncStream.makeStream(of: Void.self)
        let feeding = Task {
            await watchdog.feed(through: notifier) {
                notifier.tell(.status("asked"))
                for await _ in signs { return }
            }
        }
        for _ in 1...3 {
            #expect(try manager.nextText() == "STATUS=asked")
            continuation.yield()
            #expect(try manager.nextText() == "WATCHDOG=1")
        }
        feeding.cancel()
        await feeding.value
    }

    @Test("There is no watchdog to feed without a time, or when it is another process's")
    func noWatchdog() {
        #expect(Watchdog(environment: [:]) == nil)
        #expect(Watchdog(environment: ["WATCHDOG_USEC": "0"]) == nil)
        #expect(Watchdog(environment: ["WATCHDOG_USEC": "soon"]) == nil)
        #expect(Watchdog(environment: ["WATCHDOG_USEC": "2000", "WATCHDOG_PID": "77"], processID: 78) == nil)
        #expect(Watchdog(environment: ["WATCHDOG_USEC": "2000"], processID: 78)?.interval == .milliseconds(1))
    }

    @Test("Without $NOTIFY_SOCKET, or with one that is no address, nobody is told; a manager that is gone is no fault")
    func nobody() {
        #expect(Notifier(environment: [:]) == nil)
        #expect(Notifier(environment: ["NOTIFY_SOCKET": "relative"]) == nil)
        #expect(Notifier(environment: ["NOTIFY_SOCKET": "/" + String(repeating: "x", count: 200)]) == nil)
        Notifier(environment: ["NOTIFY_SOCKET": "/nowhere/socket"])?.tell(.ready)
        Notifier(environment: ["NOTIFY_SOCKET": "@nowhere"])?.tell(.ready)
    }

    /// A socket on a free port of loopback.
    private func socket(listening: Bool, type: __socket_type = SOCK_STREAM) throws -> Int32 {
        let descriptor = Glibc.socket(AF_INET, Int32(type.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        try #require(isBound && (!listening || listen(descriptor, 1) == 0))
        return descriptor
    }

    /// Puts the descriptors where only one of them could be by chance.
    private func handOver(_ descriptors: [Int32], from first: Int32, _ body: () throws -> Void) throws {
        for (index, descriptor) in descriptors.enumerated() {
            try #require(dup2(descriptor, first + Int32(index)) >= 0)
            close(descriptor)
        }
        defer { for index in descriptors.indices { close(first + Int32(index)) } }
        try body()
    }

    @Test("Listening sockets come with their names, closed to child processes (sd_listen_fds(3))")
    func sockets() throws {
        let first: Int32 = 500
        try handOver([socket(listening: true), socket(listening: true), socket(listening: true)], from: first) {
            var environment = ["LISTEN_PID": "77", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "control::more"]
            let sockets = try InheritedSocket.all(environment: environment, processID: 77, first: first)
            #expect(sockets.map(\.descriptor) == [500, 501, 502])
            #expect(sockets.map(\.name) == ["control", "unknown", "more"])
            #expect(sockets.map(\.reach) == [.loopback, .loopback, .loopback])
            #expect(sockets.allSatisfy { fcntl($0.descriptor, F_GETFD) == FD_CLOEXEC })
            environment["LISTEN_FDNAMES"] = nil
            let unnamed = try InheritedSocket.all(environment: environment, processID: 77, first: first)
            #expect(unnamed.map(\.name) == ["unknown", "unknown", "unknown"])
        }
    }

    @Test("A socket says from where it can be reached")
    func reach() throws {
        func bound<Address>(_ family: Int32, _ address: Address) throws -> Int32 {
            let descriptor = Glibc.socket(family, Int32(SOCK_STREAM.rawValue), 0)
            let isListening = withUnsafePointer(to: address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<Address>.size)) == 0 && listen(descriptor, 1) == 0
                }
            }
            try #require(isListening)
            return descriptor
        }
        let any = sockaddr_in(
            sin_family: sa_family_t(AF_INET), sin_port: 0, sin_addr: in_addr(), sin_zero: (0, 0, 0, 0, 0, 0, 0, 0))
        var loopback6 = sockaddr_in6()
        loopback6.sin6_family = sa_family_t(AF_INET6)
        loopback6.sin6_addr = in6addr_loopback
        var abstract = sockaddr_un()
        abstract.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &abstract.sun_path) { $0.copyBytes(from: [0] + UUID().uuidString.utf8) }
        let descriptors = [try bound(AF_INET, any), try bound(AF_INET6, loopback6), try bound(AF_UNIX, abstract)]
        try handOver(descriptors, from: 560) {
            let sockets = try InheritedSocket.all(
                environment: ["LISTEN_PID": "77", "LISTEN_FDS": "3"], processID: 77, first: 560)
            #expect(sockets.map(\.reach) == [.network, .loopback, .machine])
        }
    }

    @Test("Sockets meant for another process are left alone")
    func others() throws {
        let environment = ["LISTEN_PID": "77", "LISTEN_FDS": "1"]
        #expect(try InheritedSocket.all(environment: environment, processID: 78, first: 520) == [])
        #expect(try InheritedSocket.all(environment: ["LISTEN_FDS": "1"], processID: 78, first: 520) == [])
        #expect(try InheritedSocket.all(environment: ["LISTEN_PID": "78"], processID: 78, first: 520) == [])
    }

    @Test("What is no listening stream socket, or no count, is refused")
    func refused() throws {
        func failure(_ count: String, first: Int32) -> InheritedSocket.Failure? {
            do throws(InheritedSocket.Failure) {
                _ = try InheritedSocket.all(
                    environment: ["LISTEN_PID": "1", "LISTEN_FDS": count], processID: 1, first: first)
                return nil
            } catch {
                return error
            }
        }
        try handOver([socket(listening: false), socket(listening: false, type: SOCK_DGRAM)], from: 540) {
            #expect(failure("1", first: 540) == .notListening(descriptor: 540))
            #expect(failure("1", first: 541) == .notListening(descriptor: 541))
            #expect(failure("1", first: 542) == .notListening(descriptor: 542))
        }
        #expect(failure("many", first: 540) == .malformedCount("many"))
        #expect(failure("-1", first: 540) == .malformedCount("-1"))
        #expect(failure("100000", first: 540) == .malformedCount("100000"))
    }
}
