import ControlAPI
import GRDB

/// What can still be read of a damaged file.
extension Journal {
    private static let pageCount = 4096
    private static let pageBytes = 4 << 20
    /// How many readings may fail: a disk that fails everywhere is not waited for.
    private static let failureLimit = 4096

    /// Copies the events of another file of the same log, but for those on damaged pages.
    func takeOver(from damaged: Configuration, through last: UInt64) {
        guard let source = try? Self.open(damaged, label: "phonebard.journal.damaged") else { return }
        defer { source.close() }
        var seq: UInt64 = 0
        var count = Self.pageCount
        var failures = 0
        while seq < last, failures < Self.failureLimit {
            do {
                let page = try Self.page(of: source, after: seq, count: count).filter { $0.seq <= last }
                guard let end = page.last?.seq else { return }
                // A full disk keeps what it has taken.
                guard (try? write(page)) != nil else { return }
                seq = end
                count = Self.pageCount
            } catch {
                failures += 1
                if count > 1 { count /= 8 } else { seq = Self.firstReadable(in: source, after: seq, &failures) }
            }
        }
    }

    /// The number before the next event that can be read: in ever longer leaps beyond the damage, then back to its edge.
    private static func firstReadable(in source: Connection, after seq: UInt64, _ failures: inout Int) -> UInt64 {
        func canRead(_ seq: UInt64) -> Bool {
            if (try? page(of: source, after: seq, count: 1)) != nil { return true }
            failures += 1
            return false
        }
        var (damaged, leap) = (seq, 1 as UInt64)
        while !canRead(damaged + leap), failures < failureLimit {
            damaged += leap
            leap = min(leap * 2, 1 << 32)
        }
        var readable = damaged + leap
        while readable - damaged > 1 {
            let middle = damaged + (readable - damaged) / 2
            if canRead(middle) { readable = middle } else { damaged = middle }
        }
        return readable
    }

    private static func page(
        of source: Connection, after seq: UInt64, count: Int
    ) throws -> [EventRecord] {
        let page = try source.read { try Schema.page($0, after: seq, count: count, bytes: pageBytes) }
        guard zip(page, page.dropFirst()).allSatisfy({ $0.seq < $1.seq }) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT)
        }
        return page
    }
}
