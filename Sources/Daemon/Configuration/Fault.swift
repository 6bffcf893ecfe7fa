/// Where a value comes from.
package enum Origin: Sendable, Hashable, CustomStringConvertible {
    case builtIn
    case file(String, line: Int?)
    case credential(String)
    case variable(String)
    case flag(String)

    package var description: String {
        switch self {
        case .builtIn: "default"
        case .file(let path, let line): line.map { "\(path):\($0)" } ?? path
        case .credential(let name): "credential \(name)"
        case .variable(let name), .flag(let name): name
        }
    }
}

/// One thing wrong with a configuration.
package struct Fault: Error, Hashable, CustomStringConvertible {
    package enum Reason: Error, Hashable {
        case unknown(String, suggestion: String?)
        /// The value found is nil when it must not be shown.
        case misfit(key: String, expected: String, found: String?)
        case unreadable(path: String, reason: String)
        case worldReadable(path: String, mode: UInt32)
        case worldReadableSecret(key: String, mode: UInt32)
        case tooLarge(path: String, limit: Int)
        case empty(path: String)
        case notYAML(String)
        case repeated(String)
        case conflict(String, String)
        case missing(String, neededFor: String)
    }

    package let origin: Origin
    package let reason: Reason

    package var description: String {
        let key = reason.key.flatMap { $0 == "\(origin)" ? nil : $0 }
        return "\(origin): " + (key.map { $0 + ": " } ?? "") + reason.text
    }
}

extension Fault.Reason {
    /// What it is about, if the text does not say.
    fileprivate var key: String? {
        switch self {
        case .unknown(let name, _): name
        case .misfit(let key, _, _): key
        case .repeated(let key): key
        case .unreadable, .worldReadable, .worldReadableSecret, .tooLarge, .empty, .notYAML, .conflict, .missing: nil
        }
    }

    fileprivate var text: String {
        switch self {
        case .unknown(_, let suggestion): "unknown" + (suggestion.map { "; did you mean \($0)?" } ?? "")
        case .misfit(_, let expected, let found): "expected \(expected)" + (found.map { ", found \($0)" } ?? "")
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .worldReadable(let path, let mode):
            "\(path) holds a secret and everyone may read it (mode \(octal(mode))); chmod o= it"
        case .worldReadableSecret(let key, let mode):
            "\(key) is a secret and everyone may read this file (mode \(octal(mode))); chmod o= it"
        case .tooLarge(let path, let limit): "\(path) is larger than \(limit) bytes"
        case .empty(let path): "\(path) is empty"
        case .notYAML(let problem): "this is not YAML: \(problem)"
        case .repeated: "given twice"
        case .conflict(let one, let other): "\(one) and \(other) exclude each other"
        case .missing(let name, let need): "\(need) needs \(name)"
        }
    }

    private func octal(_ mode: UInt32) -> String {
        "0" + String(mode & 0o777, radix: 8)
    }
}

/// Everything wrong with a configuration, one fault a line.
package struct Faults: Error, Sendable, CustomStringConvertible {
    package let all: [Fault]

    package var description: String { all.map(\.description).joined(separator: "\n") }
}
