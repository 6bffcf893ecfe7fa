import ArgumentParser
import Foundation

/// A program that does the daemon's part: it is told its port and knows the token of `Tests/Bench`.
struct Peer: ExpressibleByArgument {
    let name: String
    let program: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        (name, program) = (String(parts[0]), String(parts[1]))
    }
}

/// A server on the second core; the bench itself is started on the first.
struct Server {
    let name: String
    let port: UInt16
    let token: String
    private let process: Process

    var pid: Int32 { process.processIdentifier }

    init(daemonIn folder: String) throws {
        name = "phonebard"
        let output = Pipe()
        process = Self.process([CommandLine.arguments[0], "serve", "--folder", folder], output: output)
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = UInt16(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ValidationError("the daemon did not start")
        }
        self.port = port
        token = try String(contentsOfFile: folder + "/token", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    init(_ peer: Peer) throws {
        name = peer.name
        port = 18470
        token = "bench-token-0123456789abcdef"
        process = Self.process([peer.program, "\(port)"], output: FileHandle.nullDevice)
        process.standardError = FileHandle.nullDevice
        try process.run()
        let limit = Date(timeIntervalSinceNow: 10)
        while (try? Connection(port: port, request: "")) == nil {
            guard process.isRunning, Date.now < limit else {
                kill()
                throw ValidationError("\(name) does not listen")
            }
            usleep(50_000)
        }
        guard process.isRunning else { throw ValidationError("\(name) has ended, as if its port were taken") }
    }

    private static func process(_ command: [String], output: Any) -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/taskset")
        process.arguments = ["-c", "1"] + command
        process.standardOutput = output
        return process
    }

    func kill() {
        process.interrupt()
        Foundation.kill(pid, SIGKILL)
        process.waitUntilExit()
    }
}
