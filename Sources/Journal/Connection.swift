import GRDB
import Synchronization

/// One connection to the file. To use it after its end is a failure, where GRDB would crash.
final class Connection: Sendable {
    private let queue: Mutex<DatabaseQueue?>

    init(_ queue: DatabaseQueue) {
        self.queue = Mutex(queue)
    }

    func read<Value: Sendable>(_ body: (Database) throws -> Value) throws -> Value {
        try use { try $0.read(body) }
    }

    func write<Value: Sendable>(_ body: (Database) throws -> Value) throws -> Value {
        try use { try $0.write(body) }
    }

    func writeWithoutTransaction<Value: Sendable>(_ body: (Database) throws -> Value) throws -> Value {
        try use { try $0.writeWithoutTransaction(body) }
    }

    func close() {
        queue.withLock { queue in
            try? queue?.close()
            queue = nil
        }
    }

    private func use<Value: Sendable>(_ body: (DatabaseQueue) throws -> Value) throws -> Value {
        try queue.withLock { queue in
            guard let queue else { throw DatabaseError(resultCode: .SQLITE_MISUSE) }
            return try body(queue)
        }
    }
}
