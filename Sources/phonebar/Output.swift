import Foundation

/// What the user sees.
enum Output {
    /// Written at once, so that a pipe has each line when it happens.
    static func line(_ text: String) {
        bytes(Array((text + "\n").utf8))
    }

    /// Ends the program when they cannot be written.
    static func bytes(_ bytes: [UInt8]) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(bytes))
        } catch {
            Ending.unwritable.endProgram()
        }
    }

    static func error(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }

    /// Rows with their columns one below the other; the first row is the heading.
    static func table(_ rows: [[String]]) {
        let widths = (rows.first ?? []).indices.map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        for (number, row) in rows.enumerated() {
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            let text = cells.joined(separator: "  ").trimmingSuffix(" ")
            line(number == 0 ? Style.bold(text) : text)
        }
    }
}

/// Colours, on a terminal and unless NO_COLOR (no-color.org) says otherwise.
enum Style {
    private static let isOn: Bool = {
        let environment = ProcessInfo.processInfo.environment
        return isatty(STDOUT_FILENO) == 1 && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
    }()

    static func bold(_ text: String) -> String { wrap(text, 1) }
    static func dim(_ text: String) -> String { wrap(text, 2) }
    static func good(_ text: String) -> String { wrap(text, 32) }
    static func bad(_ text: String) -> String { wrap(text, 31) }

    private static func wrap(_ text: String, _ code: Int) -> String {
        isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

extension String {
    fileprivate func trimmingSuffix(_ character: Character) -> String {
        var text = self
        while text.last == character { text.removeLast() }
        return text
    }
}
