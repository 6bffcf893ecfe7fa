import Synchronization
import Wire

/// Hands each event to who waits for it.
final class Desk: Sendable {
    private struct Key: Hashable {
        let seat: String
        let name: String
    }

    private struct Waiting {
        let number: Int
        let continuation: CheckedContinuation<Phone.Event, any Error>
    }

    private struct Books {
        var waiting: [Key: Waiting] = [:]
        var last = 0
    }

    private let books = Mutex(Books())

    init(_ phone: Phone) {
        Task {
            for await event in phone.events { take(event) }
            let left = books.withLock { books in
                defer { books.waiting = [:] }
                return Array(books.waiting.values)
            }
            for one in left { one.continuation.resume(throwing: Phone.Failure(text: "the events ended")) }
        }
    }

    /// The next event of this name, or of this type of `callEvent`, that a seat gets from now on while `action` is done.
    func event(
        _ seat: String, _ name: String, within limit: Duration = .seconds(20),
        during action: @escaping @Sendable () async throws -> Void
    ) async throws -> Phone.Event {
        let key = Key(seat: seat, name: name)
        return try await withCheckedThrowingContinuation { continuation in
            let (number, overtaken) = books.withLock { books in
                books.last += 1
                let waiting = Waiting(number: books.last, continuation: continuation)
                return (books.last, books.waiting.updateValue(waiting, forKey: key))
            }
            overtaken?.continuation.resume(throwing: Phone.Failure(text: "\(seat) is late: its next call has begun"))
            Task {
                do {
                    try await action()
                    try await Task.sleep(for: limit)
                    end(key, number, Phone.Failure(text: "no \(name) of \(seat) in time"))
                } catch {
                    end(key, number, error)
                }
            }
        }
    }

    private func take(_ event: Phone.Event) {
        let name = event.json["type"]?.string ?? event.json["event"]?.string ?? ""
        let key = Key(seat: event.json["seat"]?.string ?? "", name: name)
        books.withLock { $0.waiting.removeValue(forKey: key) }?.continuation.resume(returning: event)
    }

    private func end(_ key: Key, _ number: Int, _ failure: any Error) {
        let waiting = books.withLock { books in
            books.waiting[key]?.number == number ? books.waiting.removeValue(forKey: key) : nil
        }
        waiting?.continuation.resume(throwing: failure)
    }
}
