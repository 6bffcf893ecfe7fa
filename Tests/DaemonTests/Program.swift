import Foundation

/// The daemon's program that was built beside these tests, run in an environment of its own.
enum Program {
    struct Outcome: Equatable {
        let status: Int32
        let output: String
        let errors: String
    }

    static let url = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "phonebard")

    /// Runs it to its end; the folder is its home, shown as `~`.
    static func run(
        _ arguments: [String], in folder: ConfigurationFolder, _ environment: [String: String] = [:]
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        process.environment = environment.merging(["HOME": folder.path]) { given, _ in given }
        let output = Pipe()
        let errors = Pipe()
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let texts = try [output, errors].map { pipe in
            String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
                .replacingOccurrences(of: folder.path, with: "~")
        }
        process.waitUntilExit()
        return Outcome(status: process.terminationStatus, output: texts[0], errors: texts[1])
    }
}
