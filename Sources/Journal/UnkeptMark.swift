import Foundation
import Glibc
import Synchronization

/// The highest number that may have been told although the journal could not be written, in a file beside it.
///
/// Its eight bytes are there from the start and are overwritten in place, which a full disk allows (on file systems that do not
/// copy on write). The lock on the file keeps a second daemon away from the journal.
final class UnkeptMark: Sendable {
    /// How many numbers are set aside at once, so that the file is written once and not for every event.
    private static let margin: UInt64 = 1 << 20

    private struct State {
        var descriptor: Int32
        var mark: UInt64 = 0

        /// Where even this fails there is nothing more that could be done.
        func write() {
            var bytes = mark.littleEndian
            if pwrite(descriptor, &bytes, 8, 0) == 8 { fdatasync(descriptor) }
        }
    }

    private let state: Mutex<State>

    /// Opens the file, unless `previous` has it open: a lock is not given twice.
    static func open(_ path: String, after previous: UnkeptMark?) throws(JournalFailure) -> UnkeptMark {
        if let previous, previous.isFile(at: path) { return previous }
        let mark = try UnkeptMark(path: path)
        if let value = previous?.value { mark.raise(to: value) }
        return mark
    }

    private init(path: String) throws(JournalFailure) {
        var state = State(descriptor: Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600))
        guard state.descriptor >= 0 else { throw .system(errno) }
        guard flock(state.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            Glibc.close(state.descriptor)
            throw .inUse
        }
        var bytes: UInt64 = 0
        if pread(state.descriptor, &bytes, 8, 0) == 8 {
            state.mark = min(UInt64(littleEndian: bytes), UInt64(Int64.max) / 2)
        } else {
            state.write()
        }
        self.state = Mutex(state)
    }

    deinit {
        close()
    }

    /// Lets another daemon in.
    func close() {
        state.withLock { state in
            guard state.descriptor >= 0 else { return }
            Glibc.close(state.descriptor)
            state.descriptor = -1
        }
    }

    /// Zero when everything told is in the journal.
    var value: UInt64 { state.withLock { $0.mark } }

    private func isFile(at path: String) -> Bool {
        state.withLock { state in
            state.descriptor >= 0 && FileIdentity(descriptor: state.descriptor) == FileIdentity(path: path)
        }
    }

    /// Numbers up to `seq` have been given.
    func raise(beyond seq: UInt64) {
        guard seq >= value else { return }
        raise(to: seq + Self.margin)
    }

    private func raise(to mark: UInt64) {
        state.withLock { state in
            guard mark > state.mark else { return }
            state.mark = mark
            state.write()
        }
    }

    func clear() {
        state.withLock { state in
            guard state.mark != 0 else { return }
            state.mark = 0
            state.write()
        }
    }
}
