import Dispatch
import Glibc
import Synchronization
import Wire

/// Names of hosts and the addresses they stand for.
package enum HostName {
    private static let lookups = Lookups()

    /// The addresses of a host name or address literal, in the system's order of preference; empty if there are none. `body`
    /// runs on the executor, later.
    package static func resolve(
        _ name: String, port: UInt16, on executor: QueueExecutor, then body: @escaping ([Endpoint]) -> Void
    ) {
        nonisolated(unsafe) let body = body
        if let address = IPAddress(name) {
            executor.queue.async { body([Endpoint(address, port: port)]) }
            return
        }
        lookups.find(name) { addresses in
            executor.queue.async { body(addresses.map { Endpoint($0, port: port) }) }
        }
    }
}

/// Who waits for which name. While no name server answers, the system holds a thread for each question, far longer than who
/// asked waits: the same name is asked for once at a time, and few names at once.
final class Lookups: Sendable {
    typealias Answer = @Sendable ([IPAddress]) -> Void

    private struct Books {
        var waiting: [String: [Answer]] = [:]
        var queue: [String] = []
        var running = 0
    }

    private static let limit = 8

    private let books = Mutex(Books())
    private let ask: @Sendable (String) -> [IPAddress]

    /// - Parameter ask: blocks while name servers are asked.
    init(_ ask: @escaping @Sendable (String) -> [IPAddress] = Lookups.addresses) {
        self.ask = ask
    }

    func find(_ name: String, then answer: @escaping Answer) {
        let isNew = books.withLock { books in
            books.waiting[name, default: []].append(answer)
            guard books.waiting[name]?.count == 1 else { return false }
            books.queue.append(name)
            return true
        }
        if isNew { startNext() }
    }

    private func startNext() {
        let next = books.withLock { books -> String? in
            guard books.running < Self.limit, !books.queue.isEmpty else { return nil }
            books.running += 1
            return books.queue.removeFirst()
        }
        guard let next else { return }
        DispatchQueue.global().async {
            let addresses = self.ask(next)
            let answers = self.books.withLock { books in
                books.running -= 1
                return books.waiting.removeValue(forKey: next) ?? []
            }
            for answer in answers { answer(addresses) }
            self.startNext()
        }
    }

    private static func addresses(of name: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        return sequence(first: first) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap { entry in
            entry?.pointee.ai_addr.flatMap { SocketAddress(copying: $0).endpoint?.address }
        }
    }
}
