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
    ///   - newEpoch: the epoch of a new file.
    ///   - position: where the log is, if it has been told of already; a file of another epoch is of no use then.
    ///   - unixMilliseconds: the present time, which becomes part of the new name.
    package static func open(
        _ configuration: Configuration, newEpoch: String, continuing position: LogPosition? = nil,
        at unixMilliseconds: Int64
    ) throws(JournalFailure) -> Opening {
        let fresh = position ?? LogPosition(epoch: newEpoch, seq: 0)
        do {
            let journal = try Journal(configuration, fresh: fresh)
            if position == nil || journal.epoch == fresh.epoch { return Opening(journal: journal, setAside: nil) }
            journal.close()
        } catch .corrupt {
        }
        let name = try setAside(configuration.path, at: unixMilliseconds)
        return Opening(journal: try Journal(configuration, fresh: fresh), setAside: name)
    }

    /// Renames the file, its write-ahead log and its mark; they stay one journal that SQLite's own tools can be tried on.
    private static func setAside(_ path: String, at unixMilliseconds: Int64) throws(JournalFailure) -> String {
        let name = "\(path).aside-\(unixMilliseconds)"
        for suffix in ["-wal", "-shm", ".unkept", ""] where rename(path + suffix, name + suffix) != 0 {
            guard errno == ENOENT else { throw .system(errno) }
        }
        return name
    }
}
