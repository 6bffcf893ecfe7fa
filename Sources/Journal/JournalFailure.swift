import Foundation
import GRDB

/// Why the journal cannot be read or written.
package enum JournalFailure: Error, Equatable, CustomStringConvertible {
    /// The file is no journal, or a damaged one.
    case corrupt
    case full
    /// Another daemon has it.
    case inUse
    /// SQLite's extended result code.
    case database(Int32)
    /// The system's error number.
    case system(Int32)

    /// Whether opening the file again may help: a full disk needs room, a lock its owner, damage a new file.
    package var isOfFile: Bool {
        switch self {
        case .corrupt, .full: false
        case .inUse, .system: true
        case .database(let code):
            ![ResultCode.SQLITE_BUSY, .SQLITE_LOCKED].contains(ResultCode(rawValue: code).primaryResultCode)
        }
    }

    init(_ error: any Error) {
        guard let error = error as? DatabaseError else {
            self = (error as? JournalFailure) ?? .database(DatabaseError(resultCode: .SQLITE_ERROR).resultCode.rawValue)
            return
        }
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt
        case .SQLITE_FULL: self = .full
        default: self = .database(error.extendedResultCode.rawValue)
        }
    }

    package var description: String {
        switch self {
        case .corrupt: "the file is damaged or no journal"
        case .full: "the disk is full"
        case .inUse: "another daemon uses it"
        case .database(let code): "SQLite: \(ResultCode(rawValue: code))"
        case .system(let code): String(cString: strerror(code))
        }
    }
}
