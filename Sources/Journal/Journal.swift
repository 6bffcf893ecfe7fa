import ControlAPI
import Foundation
import GRDB
import Synchronization

/// The event log on disk: one epoch in one SQLite file, with a write-ahead log.
///
/// `synchronous` is FULL: what was told survives a loss of power, and no number is given twice. NORMAL would survive SIGKILL
/// as well, since the pages are with the system, but after a loss of power it may lack what subscribers have seen and would
/// give its numbers to other events. The price is one `fdatasync` for each batch, on the queue of the events and not on that of
/// a seat.
///
/// Writing calls come from one queue at a time; ``page(after:count:bytes:)`` may come from another and waits for nobody.
package final class Journal: Sendable {
    package struct Configuration: Sendable {
        package var path: String
        /// Events older than this are removed.
        package var maximumAge = Duration.seconds(30 * 86_400)
        /// The oldest events are removed while the file has more than this in use.
        package var maximumBytes = 64 << 20
        /// How long a foreign lock on the file is waited for.
        package var lockTime = Duration.seconds(1)
        /// Makes the file full at this size, for tests.
        package var pageLimit: Int?

        package init(path: String) {
            self.path = path
        }
    }

    package let epoch: String
    private let configuration: Configuration
    private let pool: DatabasePool
    private let mark: UnkeptMark
    private let lastWritten: Atomic<UInt64>

    /// Opens the file, or makes it.
    ///
    /// - Parameter fresh: the epoch of a new file and the last number that is not in it.
    init(_ configuration: Configuration, fresh: LogPosition) throws(JournalFailure) {
        self.configuration = configuration
        mark = try UnkeptMark(path: configuration.path + ".unkept")
        let pool: DatabasePool
        let position: LogPosition
        do {
            pool = try Self.openPool(configuration)
            position = try pool.write { try Schema.position($0, fresh: fresh) }
        } catch {
            throw JournalFailure(error)
        }
        self.pool = pool
        epoch = position.epoch
        lastWritten = Atomic(position.seq)
    }

    /// The last number that was given, or may have been.
    package var lastSeq: UInt64 { max(lastWritten.load(ordering: .relaxed), mark.value) }

    /// Writes all of it in one transaction, or nothing; returns when it is on the disk.
    ///
    /// If that fails, the numbers up to the last one and many more count as given even after a restart, so that the events may
    /// be told all the same.
    package func append(_ records: some Collection<EventRecord>) throws(JournalFailure) {
        do {
            try pool.write { database in
                let statement = try database.cachedStatement(
                    sql: "INSERT INTO event (seq, time, text) VALUES (?, ?, ?)")
                for record in records {
                    try statement.execute(arguments: [
                        Int64(clamping: record.seq), record.unixMilliseconds, Data(record.text),
                    ])
                }
            }
        } catch {
            var last = lastSeq
            for record in records { last = max(last, record.seq) }
            mark.raise(beyond: last)
            throw JournalFailure(error)
        }
        for record in records { lastWritten.store(record.seq, ordering: .relaxed) }
        mark.clear()
    }

    /// The oldest events after `seq`, at least one if there is any, within the limits otherwise.
    package func page(after seq: UInt64, count: Int, bytes: Int) throws(JournalFailure) -> [EventRecord] {
        do {
            return try pool.read { database in
                var records: [EventRecord] = []
                var size = 0
                let rows = try Row.fetchCursor(
                    database.cachedStatement(
                        sql: "SELECT seq, time, text FROM event WHERE seq > ? ORDER BY seq LIMIT ?"),
                    arguments: [Int64(clamping: seq), count])
                while size < bytes, let row = try rows.next() {
                    let text = row.withUnsafeText(atIndex: 2)
                    records.append(EventRecord(seq: UInt64(row[0] as Int64), unixMilliseconds: row[1], text: text))
                    size += text.count
                }
                return records
            }
        } catch {
            throw JournalFailure(error)
        }
    }

    /// Removes what is too old or too much; returns how many events that were.
    package func prune(at unixMilliseconds: Int64) throws(JournalFailure) -> Int {
        let age = configuration.maximumAge.components.seconds
        let (cutoff, overflow) = unixMilliseconds.subtractingReportingOverflow(age.multipliedSaturating(by: 1000))
        do {
            return try pool.write { database in
                var removed = overflow ? 0 : try Schema.remove(database, before: cutoff)
                while try Schema.bytesInUse(database) > configuration.maximumBytes {
                    let count = try Schema.remove(database, oldest: 256)
                    guard count > 0 else { break }
                    removed += count
                }
                return removed
            }
        } catch {
            throw JournalFailure(error)
        }
    }

    /// Runs any SQL, for tests.
    func execute(_ sql: String) throws {
        try pool.writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    /// What a pragma of the connection that writes says, for tests.
    func setting(_ pragma: String) throws -> String? {
        try pool.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA \(pragma)") }
    }

    /// Moves the write-ahead log into the file and closes both. SQLite does the first by itself only when the last connection
    /// may write, and here that is one that reads.
    package func close() {
        _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        try? pool.close()
        mark.close()
    }
}

extension Journal {
    private static func openPool(_ configuration: Configuration) throws -> DatabasePool {
        try makePrivate(configuration.path)
        var options = GRDB.Configuration()
        options.label = "phonebard.journal"
        options.maximumReaderCount = 1
        options.busyMode = .timeout(Double(configuration.lockTime.components.seconds))
        options.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -512") }
        let pool = try DatabasePool(path: configuration.path, configuration: options)
        try pool.writeWithoutTransaction { database in
            guard try String.fetchOne(database, sql: "PRAGMA quick_check(1)") == "ok" else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT)
            }
            try database.execute(sql: "PRAGMA synchronous = FULL")
            if let limit = configuration.pageLimit {
                _ = try Int.fetchOne(database, sql: "PRAGMA max_page_count = \(limit)")
            }
        }
        return pool
    }

    /// SQLite gives its other files the mode of this one.
    private static func makePrivate(_ path: String) throws {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DatabaseError(resultCode: .SQLITE_CANTOPEN) }
        Glibc.close(descriptor)
    }
}

extension Row {
    fileprivate func withUnsafeText(atIndex index: Int) -> [UInt8] {
        (try? withUnsafeData(atIndex: index) { $0.map { [UInt8]($0) } }) ?? []
    }
}

extension Int64 {
    fileprivate func multipliedSaturating(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
