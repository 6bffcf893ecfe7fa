import ControlAPI
import Foundation

extension Journal {
    package struct Opening: Sendable {
        package let journal: Journal
        /// The file that was found and could not be gone on with, under its new name.
        package let setAside: String?
    }

    /// Opens the journal, in a new file if there is none; one that is damaged is renamed and a new one begun.
    ///
    /// - Parameters:
    ///   - fresh: the epoch of a new file and the last number that is not in it.
    ///   - unixMilliseconds: the present time, which becomes part of the new name.
    package static func open(
        _ configuration: Configuration, fresh: LogPosition, at unixMilliseconds: Int64
    ) throws(JournalFailure) -> Opening {
        do {
            return Opening(journal: try Journal(configuration, fresh: fresh), setAside: nil)
        } catch .corrupt {
            let name = try setAside(configuration.path, [".unkept"], at: unixMilliseconds)
            return Opening(journal: try Journal(configuration, fresh: fresh), setAside: name)
        }
    }

    /// Opens the same file again; this one stays open if that fails.
    package func reopened(_ configuration: Configuration) throws(JournalFailure) -> Journal {
        let journal = try Journal(configuration, fresh: position, mark: mark)
        closeFiles()
        return journal
    }

    /// Goes on in a new file, in place of one that is damaged or gone, with everything that can still be read of it.
    package func renewed(
        _ configuration: Configuration, at unixMilliseconds: Int64
    ) throws(JournalFailure) -> Opening {
        let (wasGone, last) = (isGone, position)
        // Without a folder this one stays open, for what it has.
        let mark = try UnkeptMark.open(configuration.path + ".unkept", after: mark)
        // SQLite removes the write-ahead log by its name, which the new one will have.
        closeFiles()
        let name = try Self.setAside(configuration.path, at: unixMilliseconds)
        let journal = try Journal(configuration, fresh: last, mark: mark)
        if let name, !wasGone {
            var damaged = configuration
            damaged.path = name
            journal.takeOver(from: damaged, through: last.seq)
        }
        return Opening(journal: journal, setAside: name)
    }

    /// Renames the file and its write-ahead log; they stay one journal that SQLite's own tools can be tried on.
    /// Nil when there is none.
    private static func setAside(
        _ path: String, _ companions: [String] = [], at unixMilliseconds: Int64
    ) throws(JournalFailure) -> String? {
        let name = "\(path).aside-\(unixMilliseconds)"
        for suffix in ["-wal", "-shm"] + companions { try move(path + suffix, to: name + suffix) }
        return try move(path, to: name) ? name : nil
    }

    /// False when there is no such file.
    @discardableResult
    private static func move(_ path: String, to name: String) throws(JournalFailure) -> Bool {
        guard rename(path, name) != 0 else { return true }
        guard errno == ENOENT else { throw .system(errno) }
        return false
    }
}
