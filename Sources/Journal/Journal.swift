import ControlAPI
import Foundation
import GRDB
import Glibc
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
    private let identity: FileIdentity?
    private let writer: Connection
    private let reader: Connection
    let mark: UnkeptMark
    private let lastWritten: Atomic<UInt64>

    /// Opens the file, or makes it; one that is there already is only read.
    ///
    /// - Parameters:
    ///   - fresh: the epoch of a new file and the last number that is not in it.
    ///   - mark: that of the journal whose place this one takes.
    init(_ configuration: Configuration, fresh: LogPosition, mark previous: UnkeptMark? = nil) throws(JournalFailure) {
        self.configuration = configuration
        mark = try UnkeptMark.open(configuration.path + ".unkept", after: previous)
        do {
            try Self.makePrivate(configuration.path)
            writer = try Self.openWriter(configuration)
            var position = fresh
            if let found = try writer.read(Schema.position) {
                position = found
            } else {
                try writer.write { try Schema.make($0, at: fresh) }
            }
            epoch = position.epoch
            lastWritten = Atomic(position.seq)
            reader = try Self.openReader(configuration)
        } catch {
            throw JournalFailure(error)
        }
        identity = FileIdentity(path: configuration.path)
    }

    /// Whether the file is no longer at its path: removed, or another one put there.
    package var isGone: Bool {
        guard let found = FileIdentity(path: configuration.path) else { return errno == ENOENT }
        return found != identity
    }

    /// Where the file ends.
    var position: LogPosition { LogPosition(epoch: epoch, seq: lastWritten.load(ordering: .relaxed)) }

    /// The last number that was given, or may have been.
    package var lastSeq: UInt64 { max(lastWritten.load(ordering: .relaxed), mark.value) }

    /// Writes all of it in one transaction, or nothing; returns when it is on the disk.
    ///
    /// If that fails, the numbers up to the last one and many more count as given even after a restart, so that the events may
    /// be told all the same.
    package func append(_ records: some Collection<EventRecord>) throws(JournalFailure) {
        do {
            try write(records)
        } catch {
            mark.raise(beyond: Self.last(of: records, after: position.seq))
            throw error
        }
        mark.clear()
    }

    /// As ``append(_:)``, of events that nobody is told because of it.
    func write(_ records: some Collection<EventRecord>) throws(JournalFailure) {
        do {
            try writer.write { try Schema.insert($0, records) }
        } catch {
            throw JournalFailure(error)
        }
        lastWritten.store(Self.last(of: records, after: position.seq), ordering: .relaxed)
    }

    private static func last(of records: some Collection<EventRecord>, after seq: UInt64) -> UInt64 {
        records.reduce(seq) { max($0, $1.seq) }
    }

    /// The oldest events after `seq`, at least one if there is any, within the limits otherwise.
    package func page(after seq: UInt64, count: Int, bytes: Int) throws(JournalFailure) -> [EventRecord] {
        do {
            return try reader.read { try Schema.page($0, after: seq, count: count, bytes: bytes) }
        } catch {
            throw JournalFailure(error)
        }
    }

    /// Removes what is too old or too much; returns how many events that were.
    package func prune(at unixMilliseconds: Int64) throws(JournalFailure) -> Int {
        let age = configuration.maximumAge.components.seconds
        let (cutoff, overflow) = unixMilliseconds.subtractingReportingOverflow(age.multipliedSaturating(by: 1000))
        do {
            return try writer.write { database in
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
        try writer.writeWithoutTransaction { try $0.execute(sql: sql) }
    }

    /// Runs `body` while nobody else may write, for tests.
    func whileWriting<Value: Sendable>(_ body: () throws -> Value) throws -> Value {
        try writer.write { _ in try body() }
    }

    /// What a pragma of the connection that writes says, for tests.
    func setting(_ pragma: String) throws -> String? {
        try writer.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA \(pragma)") }
    }

    /// Moves the write-ahead log into the file, closes both and lets another daemon in.
    package func close() {
        closeFiles()
        mark.close()
    }

    /// Keeps other daemons away. SQLite moves the log when the last connection closes, if that one may write.
    package func closeFiles() {
        reader.close()
        writer.close()
    }
}

extension Journal {
    /// A pool of GRDB would write at every opening, and wait for its turn.
    private static func openWriter(_ configuration: Configuration) throws -> Connection {
        let writer = try open(configuration, label: "phonebard.journal.writer")
        try writer.writeWithoutTransaction { database in
            guard try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                throw DatabaseError(resultCode: .SQLITE_CANTOPEN)
            }
            guard try String.fetchOne(database, sql: "PRAGMA quick_check(1)") == "ok" else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT)
            }
            try database.execute(sql: "PRAGMA synchronous = FULL")
            if let limit = configuration.pageLimit {
                _ = try Int.fetchOne(database, sql: "PRAGMA max_page_count = \(limit)")
            }
        }
        return writer
    }

    private static func openReader(_ configuration: Configuration) throws -> Connection {
        let reader = try open(configuration, label: "phonebard.journal.reader", isReadOnly: true)
        _ = try reader.read(Schema.position)
        return reader
    }

    static func open(
        _ configuration: Configuration, label: String, isReadOnly: Bool = false
    ) throws -> Connection {
        var options = GRDB.Configuration()
        options.label = label
        options.readonly = isReadOnly
        options.busyMode = .timeout(Double(configuration.lockTime.components.seconds))
        options.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -512") }
        return Connection(try DatabaseQueue(path: configuration.path, configuration: options))
    }

    /// SQLite gives its other files the mode of this one.
    /// Closing a descriptor of a file that is there would give up the locks that SQLite has on it in this process.
    private static func makePrivate(_ path: String) throws {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if descriptor >= 0 {
            Glibc.close(descriptor)
        } else if errno != EEXIST {
            throw JournalFailure.system(errno)
        }
    }
}

extension Int64 {
    fileprivate func multipliedSaturating(by factor: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max : product
    }
}
