import ArgumentParser
import Foundation

/// Events to many subscribers, the daemon in a process of its own.
struct FanOut: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fanout", abstract: "Events of 300 bytes to many WebSocket subscribers.")

    @Option var subscribers = 1000
    @Option(help: "Events a second.") var rate = 20
    @Option var seconds = 10
    @Option var size = 300
    @Option(help: "Where the journal is made; the disk matters.") var folder = "."

    func run() async throws {
        let path = folder + "/event-bench-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let server = try Server(folder: path)
        defer { server.kill() }
        let use = ProcessUse(pid: server.pid)
        let idle = use.residentMegabytes
        let sockets = try (0..<subscribers).map { _ in try Subscriber(port: server.port, token: server.token) }
        let injector = try Injector(port: server.port, token: server.token, size: size)
        let load = Load(sockets)

        _ = try load.run(injector, events: rate, every: 1 / Double(rate))
        let before = use.processorSeconds
        var latencies = try load.run(injector, events: rate * seconds, every: 1 / Double(rate))
        let spent = use.processorSeconds - before
        latencies.sort()
        show(
            "\(rate) events a second to \(subscribers) subscribers",
            [
                "p50 ms": latencies.percentile(0.5) * 1e3, "p99 ms": latencies.percentile(0.99) * 1e3,
                "CPU µs a message": spent / Double(latencies.count) * 1e6,
            ])
        show("resident", ["idle MB": idle, "with \(subscribers) subscribers MB": use.residentMegabytes])
    }
}

/// The daemon on the second core; the bench itself is started on the first.
private struct Server {
    let port: UInt16
    let token: String
    private let process = Process()

    var pid: Int32 { process.processIdentifier }

    init(folder: String) throws {
        process.executableURL = URL(filePath: "/usr/bin/taskset")
        process.arguments = ["-c", "1", CommandLine.arguments[0], "serve", "--folder", folder]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = UInt16(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ValidationError("the daemon did not start")
        }
        self.port = port
        token = try String(contentsOfFile: folder + "/token", encoding: .utf8)
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func kill() {
        process.interrupt()
        Foundation.kill(pid, SIGKILL)
        process.waitUntilExit()
    }
}
