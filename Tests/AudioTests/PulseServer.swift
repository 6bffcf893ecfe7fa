import Foundation
import Glibc

/// A PulseAudio server of a test's own with one null sink, `spk`.
final class PulseServer: @unchecked Sendable {
    enum Failure: Error, CustomStringConvertible {
        case notInstalled, notReady

        var description: String {
            switch self {
            case .notInstalled: "no PulseAudio server at \(program): run `deploy/bootstrap test`"
            case .notReady: "the PulseAudio server did not open its socket"
            }
        }
    }

    private static let program = "/usr/bin/pulseaudio"

    private let folder = ScratchFolder()
    private var process: Process?

    /// What libpulse takes as a server's name.
    var address: String { "unix:\(folder.path)/socket" }

    func start() async throws {
        guard FileManager.default.isExecutableFile(atPath: Self.program) else { throw Failure.notInstalled }
        let script = """
            load-module module-native-protocol-unix socket=\(folder.path)/socket auth-anonymous=1
            load-module module-null-sink sink_name=spk rate=48000
            """
        try Data((script + "\n").utf8).write(to: URL(fileURLWithPath: folder.path + "/script"))
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.program)
        process.arguments = [
            "-n", "-F", folder.path + "/script", "--exit-idle-time=-1", "--daemonize=no", "--use-pid-file=no",
            "--disable-shm=yes", "--log-level=error",
        ]
        process.environment = ["HOME": folder.path, "XDG_RUNTIME_DIR": folder.path, "PATH": "/usr/bin:/bin"]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        self.process = process
        guard await eventually({ FileManager.default.fileExists(atPath: folder.path + "/socket") }) else {
            throw Failure.notReady
        }
    }

    func stop() {
        process?.terminate()
        end()
    }

    /// It gets no chance to say goodbye.
    func kill() {
        if let process { Glibc.kill(process.processIdentifier, SIGKILL) }
        end()
    }

    private func end() {
        process?.waitUntilExit()
        process = nil
        try? FileManager.default.removeItem(atPath: folder.path + "/socket")
    }

    /// Loads a module and gives its number.
    func load(_ module: String, _ arguments: String...) async throws -> String {
        try await control(["load-module", module] + arguments).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    func unload(_ module: String) async throws {
        _ = try await control("unload-module", module)
    }

    /// What `pactl` says.
    func control(_ arguments: String...) async throws -> String {
        try await control(arguments)
    }

    private func control(_ arguments: [String]) async throws -> String {
        try await Shell.run(["/usr/bin/env", "HOME=" + folder.path, "pactl", "--server", address] + arguments)
    }

    deinit {
        stop()
    }
}
