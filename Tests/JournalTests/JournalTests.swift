import ControlAPI
import Foundation
import Testing

@testable import Journal

@Suite("The journal")
struct JournalTests {
    private let folder = JournalFolder()

    @Test("Events come back in order, after a position, also after a restart in the same epoch")
    func restart() throws {
        var journal = try folder.open()
        #expect(journal.epoch == "first")
        #expect(journal.lastSeq == 0)
        try journal.append(records(1...5))
        #expect(try journal.page(after: 2, count: 10, bytes: .max) == records(3...5))
        journal.close()
        journal = try folder.open(newEpoch: "second")
        #expect(journal.epoch == "first")
        #expect(journal.lastSeq == 5)
        #expect(try journal.page(after: 0, count: 10, bytes: .max) == records(1...5))
    }

    @Test("A file that was not closed opens with everything appended")
    func notClosed() throws {
        let journal = try folder.open()
        try journal.append(records(1...3))
        let copy = try folder.copied()
        #expect(try copy.open().lastSeq == 3)
        withExtendedLifetime(journal) {}
    }

    @Test("A page ends at its count, or at the event that reaches its bytes")
    func pages() throws {
        let journal = try folder.open()
        try journal.append(records(1...10, bytes: 100))
        #expect(try journal.page(after: 0, count: 4, bytes: .max).map(\.seq) == [1, 2, 3, 4])
        #expect(try journal.page(after: 4, count: 10, bytes: 250).map(\.seq) == [5, 6, 7])
        #expect(try journal.page(after: 4, count: 10, bytes: 1).map(\.seq) == [5])
        #expect(try journal.page(after: 10, count: 10, bytes: .max) == [])
        #expect(try journal.page(after: .max, count: 10, bytes: .max) == [])
    }

    @Test("The file and its companions are for their owner alone")
    func permissions() throws {
        let journal = try folder.open()
        try journal.append(records(1...1))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names == ["events.sqlite", "events.sqlite-shm", "events.sqlite-wal", "events.sqlite.unkept"])
        for name in names {
            let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/" + name)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test("What is written is on the disk before it counts as written: a write-ahead log with synchronous FULL")
    func durability() throws {
        let journal = try folder.open()
        #expect(try journal.setting("journal_mode") == "wal")
        #expect(try journal.setting("synchronous") == "2")
    }

    @Test("A second daemon is kept away")
    func twoDaemons() throws {
        let journal = try folder.open()
        #expect(throws: JournalFailure.inUse) { try folder.open() }
        withExtendedLifetime(journal) {}
    }

    @Test("What is too old goes, and its number is not given again")
    func age() throws {
        folder.configuration.maximumAge = .seconds(10)
        var journal = try folder.open()
        try journal.append(records(1...5))
        #expect(try journal.prune(at: 13_000) == 2)
        #expect(try journal.page(after: 0, count: 10, bytes: .max).map(\.seq) == [3, 4, 5])
        #expect(try journal.prune(at: 60_000) == 3)
        #expect(try journal.prune(at: 60_000) == 0)
        journal.close()
        journal = try folder.open()
        #expect(journal.lastSeq == 5)
        try journal.append(records(6...6))
    }

    @Test("The oldest go while the file is too big")
    func size() throws {
        folder.configuration.maximumBytes = 200 * 1024
        let journal = try folder.open()
        try journal.append(records(1...2000, bytes: 500))
        #expect(try journal.prune(at: 0) == 7 * 256)
        #expect(try journal.page(after: 0, count: 1, bytes: .max).map(\.seq) == [7 * 256 + 1])
    }

    @Test("A full disk fails the whole batch and nothing else; with room again the batch goes through")
    func full() throws {
        folder.configuration.pageLimit = 12
        folder.configuration.maximumAge = .zero
        let journal = try folder.open()
        try journal.append(records(1...2, bytes: 1000))
        #expect(throws: JournalFailure.full) { try journal.append(records(3...60, bytes: 1000)) }
        #expect(try journal.page(after: 0, count: 99, bytes: .max) == records(1...2, bytes: 1000))
        #expect(journal.lastSeq > 60)
        try journal.append(records(61...62, bytes: 1000))
        #expect(journal.lastSeq == 62)
    }

    @Test("Numbers told while the disk was full are not given again after a restart")
    func fullAndRestart() throws {
        folder.configuration.pageLimit = 12
        var journal = try folder.open()
        try journal.append(records(1...2))
        #expect(throws: JournalFailure.full) { try journal.append(records(3...60, bytes: 1000)) }
        journal.close()
        journal = try folder.copied().open()
        #expect(journal.epoch == "first")
        #expect(journal.lastSeq > 60)
        let next = journal.lastSeq + 1
        try journal.append(records(next...next))
        #expect(journal.lastSeq == next)
    }

    @Test("A damaged file is set aside and a new epoch begins", arguments: Damage.allCases)
    func corrupt(damage: Damage) throws {
        var journal = try folder.open()
        try journal.append(records(1...2000, bytes: 100))
        journal.close()
        try damage.inflict(on: folder.configuration.path)
        let opening = try Journal.open(
            folder.configuration, fresh: LogPosition(epoch: "second", seq: 0), at: 1_700_000_000_000)
        journal = opening.journal
        #expect(journal.epoch == "second")
        #expect(journal.lastSeq == 0)
        #expect(opening.setAside == folder.configuration.path + ".aside-1700000000000")
        #expect(FileManager.default.fileExists(atPath: opening.setAside ?? ""))
        try journal.append(records(1...1))
    }

    enum Damage: CaseIterable {
        case text, firstPage, middle, otherTables, laterVersion

        func inflict(on path: String) throws {
            switch self {
            case .text: try Data("this is no database".utf8).write(to: URL(filePath: path))
            case .firstPage: try overwrite(path, from: 0, count: 200)
            case .middle: try overwrite(path, from: 4096 * 3, count: 4096 * 20)
            case .otherTables: try run(path, "DROP TABLE event; PRAGMA user_version = 0;")
            case .laterVersion: try run(path, "PRAGMA user_version = 99;")
            }
        }

        private func overwrite(_ path: String, from offset: UInt64, count: Int) throws {
            let file = try FileHandle(forUpdating: URL(filePath: path))
            try file.seek(toOffset: offset)
            try file.write(contentsOf: Data(repeating: 0xA5, count: count))
            try file.close()
        }

        private func run(_ path: String, _ sql: String) throws {
            let journal = try Journal(Journal.Configuration(path: path), fresh: LogPosition(epoch: "", seq: 0))
            try journal.execute(sql)
            journal.close()
        }
    }

    @Test("Opening a journal that is there needs no turn to write")
    func lockedByAnother() throws {
        let journal = try folder.open()
        try journal.append(records(1...3))
        journal.mark.close()
        let second = try journal.whileWriting { try folder.open() }
        #expect(second.lastSeq == 3)
    }

    @Test("A file opened again has the same events, and no other daemon gets in between")
    func reopened() throws {
        let journal = try folder.open()
        try journal.append(records(1...3))
        let again = try journal.reopened(folder.configuration)
        try again.append(records(4...4))
        #expect(try again.page(after: 0, count: 10, bytes: .max) == records(1...4))
        #expect(throws: JournalFailure.inUse) { try folder.open() }
        again.close()
        #expect(try folder.open().lastSeq == 4)
    }

    @Test("What a damaged file still has goes over to the new one, and numbers that may be lost are not given again")
    func salvage() throws {
        let journal = try folder.open()
        try journal.append(records(1...3000, bytes: 100))
        try journal.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try Damage.middle.inflict(on: folder.configuration.path)
        let opening = try journal.renewed(folder.configuration, at: 1)
        #expect(opening.setAside == folder.configuration.path + ".aside-1")
        #expect(opening.journal.position == LogPosition(epoch: "first", seq: 3000))
        let seqs = try opening.journal.page(after: 0, count: 3000, bytes: .max).map(\.seq)
        #expect(2000..<3000 ~= seqs.count)
        #expect(seqs == Array(try #require(seqs.first)...3000))
        opening.journal.close()
        #expect(try folder.open().lastSeq == 3000)
    }

    @Test("A new file in place of one that is gone goes on behind it")
    func gone() throws {
        let journal = try folder.open()
        try journal.append(records(1...3))
        #expect(!journal.isGone)
        try FileManager.default.removeItem(atPath: folder.configuration.path)
        #expect(journal.isGone)
        let opening = try journal.renewed(folder.configuration, at: 1)
        #expect(opening.setAside == nil)
        #expect(opening.journal.position == LogPosition(epoch: "first", seq: 3))
        try opening.journal.append(records(4...4))
        #expect(try opening.journal.page(after: 0, count: 10, bytes: .max) == records(4...4))
    }

    @Test("A folder that is not there is a failure, not a journal")
    func noFolder() {
        #expect(throws: JournalFailure.self) {
            try Journal.open(
                Journal.Configuration(path: "/nowhere/events.sqlite"), fresh: LogPosition(epoch: "e", seq: 0), at: 0)
        }
    }

    private func records(_ seqs: ClosedRange<UInt64>, bytes: Int = 10) -> [EventRecord] {
        seqs.map { seq in
            EventRecord(
                seq: seq, unixMilliseconds: Int64(seq) * 1000,
                text: Array("\(seq)".utf8) + [UInt8](repeating: 0x20, count: bytes))
        }
    }
}

/// A folder for one journal, gone with its owner.
final class JournalFolder {
    let path: String
    var configuration: Journal.Configuration

    init() {
        path = FileManager.default.temporaryDirectory.path + "/journal-" + UUID().uuidString
        configuration = Journal.Configuration(path: path + "/events.sqlite")
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func open(newEpoch: String = "first") throws -> Journal {
        let opening = try Journal.open(configuration, fresh: LogPosition(epoch: newEpoch, seq: 0), at: 0)
        #expect(opening.setAside == nil)
        return opening.journal
    }

    /// As another process would find it after the end of this one.
    func copied() throws -> JournalFolder {
        let copy = JournalFolder()
        for name in try FileManager.default.contentsOfDirectory(atPath: path) where !name.hasSuffix("-shm") {
            try FileManager.default.copyItem(atPath: path + "/" + name, toPath: copy.path + "/" + name)
        }
        return copy
    }
}
