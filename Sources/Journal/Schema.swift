import ControlAPI
import Foundation
import GRDB

/// The tables of the journal: its epoch, and the events in the order of their numbers.
enum Schema {
    private static let version = 1

    /// Where the log ends, nil in a new file that has no tables yet.
    static func position(_ database: Database) throws -> LogPosition? {
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version")
        if version == 0, try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema") == 0 { return nil }
        guard version == Self.version else { throw DatabaseError(resultCode: .SQLITE_NOTADB) }
        let row = try Row.fetchOne(
            database,
            sql: "SELECT epoch, max(removedThrough, (SELECT coalesce(max(seq), 0) FROM event)) FROM log")
        guard let row, let seq = UInt64(exactly: row[1] as Int64), seq < Int64.max else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT)
        }
        return LogPosition(epoch: row[0], seq: seq)
    }

    static func make(_ database: Database, at position: LogPosition) throws {
        try database.execute(sql: "CREATE TABLE log (epoch TEXT NOT NULL, removedThrough INTEGER NOT NULL) STRICT")
        try database.execute(
            sql: "CREATE TABLE event (seq INTEGER PRIMARY KEY, time INTEGER NOT NULL, text BLOB NOT NULL) STRICT")
        try database.execute(
            sql: "INSERT INTO log VALUES (?, ?)", arguments: [position.epoch, Int64(clamping: position.seq)])
        try database.execute(sql: "PRAGMA user_version = \(version)")
    }

    static func insert(_ database: Database, _ records: some Collection<EventRecord>) throws {
        let statement = try database.cachedStatement(sql: "INSERT INTO event (seq, time, text) VALUES (?, ?, ?)")
        for record in records {
            try statement.execute(arguments: [
                Int64(clamping: record.seq), record.unixMilliseconds, Data(record.text),
            ])
        }
    }

    /// The oldest events after `seq`, at least one if there is any, within the limits otherwise.
    static func page(_ database: Database, after seq: UInt64, count: Int, bytes: Int) throws -> [EventRecord] {
        var records: [EventRecord] = []
        var size = 0
        let rows = try Row.fetchCursor(
            database.cachedStatement(sql: "SELECT seq, time, text FROM event WHERE seq > ? ORDER BY seq LIMIT ?"),
            arguments: [Int64(clamping: seq), count])
        while size < bytes, let row = try rows.next() {
            // A damaged page can hold anything, whatever the schema says.
            guard let number = Int64.fromDatabaseValue(row[0]), let seq = UInt64(exactly: number),
                let time = Int64.fromDatabaseValue(row[1]), let text = Data.fromDatabaseValue(row[2])
            else { throw DatabaseError(resultCode: .SQLITE_CORRUPT) }
            records.append(EventRecord(seq: seq, unixMilliseconds: time, text: [UInt8](text)))
            size += text.count
        }
        return records
    }

    static func bytesInUse(_ database: Database) throws -> Int {
        let sql =
            "SELECT (page_count - freelist_count) * page_size "
            + "FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        return try Int.fetchOne(database, sql: sql) ?? 0
    }

    /// Removes the events before the first that is not older than `unixMilliseconds`.
    static func remove(_ database: Database, before unixMilliseconds: Int64) throws -> Int {
        let firstToStay = try Int64.fetchOne(
            database, sql: "SELECT seq FROM event WHERE time >= ? ORDER BY seq LIMIT 1",
            arguments: [unixMilliseconds])
        return try remove(database, through: firstToStay.map { $0 - 1 } ?? .max)
    }

    static func remove(_ database: Database, oldest count: Int) throws -> Int {
        let last = try Int64.fetchOne(
            database, sql: "SELECT max(seq) FROM (SELECT seq FROM event ORDER BY seq LIMIT ?)", arguments: [count])
        return try last.map { try remove(database, through: $0) } ?? 0
    }

    /// A number stays given when its event is gone.
    private static func remove(_ database: Database, through seq: Int64) throws -> Int {
        let last = try Int64.fetchOne(
            database, sql: "SELECT max(seq) FROM event WHERE seq <= ?", arguments: [seq])
        guard let last else { return 0 }
        try database.execute(sql: "UPDATE log SET removedThrough = max(removedThrough, ?)", arguments: [last])
        try database.execute(sql: "DELETE FROM event WHERE seq <= ?", arguments: [last])
        return database.changesCount
    }
}
