import Foundation
import Network
import Wire

/// A program of the house that runs beside the demo.
struct Program: @unchecked Sendable {
    private let process: Process
    let url: String
    /// The PEM file of the platform's certificate authority.
    let authorities: String
    private let gateway: String

    static func startPlatform(in directory: String) throws -> Program {
        let output = Pipe()
        let process = try start("platform-sim", ["--state-dir", directory + "/platform-sim"], log: directory, output)
        guard let line = firstLine(of: output),
            let ready = try? JSONDecoder().decode(JSON.self, from: Data(line.utf8)),
            let url = ready["url"]?.string, let authorities = ready["ca"]?.string,
            let gateway = ready["socketUri"]?.string
        else { throw failure("platform-sim", process, directory) }
        return Program(process: process, url: url, authorities: authorities, gateway: gateway)
    }

    /// On its usual port, or another where that is taken.
    static func startDaemon(in directory: String, platform: Program) throws -> Program {
        do {
            return try startDaemon(in: directory, platform: platform, port: 8460)
        } catch {
            return try startDaemon(in: directory, platform: platform, port: 0)
        }
    }

    private static func startDaemon(in directory: String, platform: Program, port: UInt16) throws -> Program {
        let output = Pipe()
        let process = try start(
            "phonebard",
            [
                "--listen", "127.0.0.1:\(port)", "--state-dir", directory + "/phonebard",
                "--operations-host", "025=" + platform.url.replacing("https://", with: ""),
                "--socket-uri", platform.gateway, "--ca-file", platform.authorities,
                "--microphone", "tone:440,-20", "--speaker", "null",
            ], log: directory, output)
        guard let url = firstLine(of: output), url.hasPrefix("http://") else {
            throw failure("phonebard", process, directory)
        }
        return Program(process: process, url: url, authorities: platform.authorities, gateway: platform.gateway)
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    private static func start(
        _ name: String, _ arguments: [String], log directory: String, _ output: Pipe
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(
            path: name)
        process.arguments = arguments
        let log = directory + "/\(name).log"
        guard FileManager.default.createFile(atPath: log, contents: nil) else {
            throw House.Failure(description: "\(log) cannot be written")
        }
        process.standardOutput = output
        process.standardError = FileHandle(forWritingAtPath: log)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// What a program says when it is ready; nil if it ends instead.
    private static func firstLine(of output: Pipe) -> String? {
        var line: [UInt8] = []
        while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first {
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }

    private static func failure(_ name: String, _ process: Process, _ directory: String) -> House.Failure {
        process.terminate()
        let log = (try? String(contentsOfFile: directory + "/\(name).log", encoding: .utf8)) ?? ""
        return House.Failure(description: "\(name) did not start:\n\(log)")
    }
}
