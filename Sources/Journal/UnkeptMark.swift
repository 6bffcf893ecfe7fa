import Foundation
import Synchronization

/// The highest number that may have been told although the journal could not be written, in a file beside it.
///
/// Its eight bytes are there from the start and are overwritten in place, which a full disk allows (on file systems that do not
/// copy on write). The lock on the file keeps a second daemon away from the journal.
final class UnkeptMark: Sendable {
    /// How many numbers are set aside at once, so that the file is written once and not for every event.
    private static let margin: UInt64 = 1 << 20

    private let descriptor: Int32
    private let state: Mutex<UInt64>

    init(path: String) throws(JournalFailure) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .inUse
        }
        var bytes: UInt64 = 0
        let count = pread(descriptor, &bytes, 8, 0)
        state = Mutex(count == 8 ? UInt64(littleEndian: bytes) & (UInt64.max >> 2) : 0)
        if count != 8 { write(0) }
    }

    deinit {
        close(descriptor)
    }

    /// Zero when everything told is in the journal.
    var value: UInt64 { state.withLock { $0 } }

    /// Numbers up to `seq` have been given.
    func raise(beyond seq: UInt64) {
        state.withLock { mark in
            guard seq >= mark else { return }
            mark = seq + Self.margin
            write(mark)
        }
    }

    func clear() {
        state.withLock { mark in
            guard mark != 0 else { return }
            mark = 0
            write(mark)
        }
    }

    /// Where even this fails there is nothing more that could be done.
    private func write(_ mark: UInt64) {
        var bytes = mark.littleEndian
        if pwrite(descriptor, &bytes, 8, 0) == 8 { fdatasync(descriptor) }
    }
}
