import Glibc

/// A small file of the state directory that only its owner may read, replaced as a whole or not at all.
struct StateFile: Sendable {
    enum Failure: Error, Hashable {
        case system(Int32)
        /// It belongs to another user, others may read it, or it is no plain file.
        case exposed
        case tooLarge

        var reason: String {
            switch self {
            case .system(let code): String(cString: strerror(code))
            case .exposed: "it has to be a plain file of this user that nobody else may read (chmod 600)"
            case .tooLarge: "it is too large"
            }
        }
    }

    /// What changes when the file does.
    struct Stamp: Equatable {
        private let inode: UInt
        private let size: Int
        private let modified: [Int]
        let created: Int64

        init(_ status: stat) {
            inode = status.st_ino
            size = status.st_size
            modified = [
                status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
            ]
            created = Int64(status.st_mtim.tv_sec)
        }
    }

    private static let sizeLimit = 256 * 1024

    let path: String

    /// Nil when there is no such file.
    var stamp: Stamp? {
        var status = stat()
        return stat(path, &status) == 0 ? Stamp(status) : nil
    }

    /// Nil when there is no such file.
    func read() throws(Failure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw errno == ELOOP ? .exposed : .system(errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(errno) }
        guard status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(), status.st_mode & 0o077 == 0 else {
            throw .exposed
        }
        guard status.st_size <= Self.sizeLimit else { throw .tooLarge }
        var bytes = [UInt8](repeating: 0, count: status.st_size)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .system(errno) }
        return Array(bytes.prefix(count))
    }

    /// Writes a new file and puts it in the place of the old one, so that a reader or a power cut sees either.
    func replace(with bytes: [UInt8]) throws(Failure) {
        let fresh = "\(path).\(getpid()).new"
        unlink(fresh)
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(errno) }
        let isWritten = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        let code = errno
        close(descriptor)
        guard isWritten, rename(fresh, path) == 0 else {
            let failure = Failure.system(isWritten ? errno : code)
            unlink(fresh)
            throw failure
        }
        try syncFolder()
    }

    /// A new name is on disk when its folder is.
    private func syncFolder() throws(Failure) {
        let folder = path.lastIndex(of: "/").map { path[..<$0] } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : String(folder), O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard descriptor >= 0 else { throw .system(errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system(errno) }
    }
}

/// Holds a lock file against other processes and other holders in this one, for as long as `body` runs.
func withFileLock<Result>(
    at path: String, _ body: () throws -> Result
) throws -> Result {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw StateFile.Failure.system(errno) }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0 {
        guard errno == EINTR else { throw StateFile.Failure.system(errno) }
    }
    return try body()
}
