import Foundation
import Glibc
import Testing

/// A sound server of a test's own, what is said into its microphones, and what comes out of its loudspeakers.
///
/// Its programs are started without `Process`, which waits for everything that has inherited its sockets.
final class SoundRoom {
    enum Kind: String, CaseIterable {
        case pulseAudio, pipeWire

        var isInstalled: Bool {
            let programs = self == .pulseAudio ? ["pulseaudio"] : ["dbus-run-session", "pipewire-pulse", "wireplumber"]
            return programs.allSatisfy { FileManager.default.isExecutableFile(atPath: "/usr/bin/" + $0) }
        }
    }

    struct Failure: Error { let text: String }

    private let folder = FileManager.default.temporaryDirectory.path + "/sound-" + UUID().uuidString
    private let socket: String
    private var programs: [pid_t] = []

    /// What libpulse takes as a server's name.
    var address: String { "unix:" + socket }

    /// Without any device.
    init(_ kind: Kind) async throws {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        switch kind {
        case .pulseAudio:
            socket = folder + "/socket"
            let script = "load-module module-native-protocol-unix socket=\(socket) auth-anonymous=1\n"
            try Data(script.utf8).write(to: URL(filePath: folder + "/script"))
            try start(
                "exec pulseaudio -n -F $HOME/script --exit-idle-time=-1 --daemonize=no --use-pid-file=no --disable-shm=yes"
            )
        case .pipeWire:
            socket = folder + "/pulse/native"
            try start("exec dbus-run-session -- sh -c 'pipewire & wireplumber & exec pipewire-pulse'")
        }
        try await controlOnceReady("info")
    }

    deinit {
        for program in programs {
            kill(-program, SIGKILL)
            waitpid(program, nil, 0)
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// What `pactl` says.
    @discardableResult
    func control(_ words: String...) async throws -> String { try await control(words) }

    private func control(_ words: [String]) async throws -> String {
        let outcome = try await LiveProcess(
            "/usr/bin/pactl", ["--server", address] + words, environment: ["HOME": folder]
        ).run()
        guard outcome.status == 0 else { throw Failure(text: outcome.errors) }
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// PipeWire takes the socket before it can be talked to, and has no defaults before its session manager is there.
    private func controlOnceReady(_ words: String...) async throws {
        let limit = ContinuousClock.now + .seconds(20)
        while true {
            do {
                _ = try await control(words)
                return
            } catch  where ContinuousClock.now < limit {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    func setDefault(sink: String) async throws { try await controlOnceReady("set-default-sink", sink) }

    func setDefault(source: String) async throws { try await controlOnceReady("set-default-source", source) }

    /// A loudspeaker that leads nowhere but to its monitor; its module's number.
    @discardableResult
    func addLoudspeaker(_ name: String) async throws -> String {
        try await control("load-module", "module-null-sink", "sink_name=" + name, "rate=48000")
    }

    /// A microphone into which somebody says a tone of whole hertz from now on.
    func addMicrophone(_ name: String, hearing frequency: Int) async throws {
        try await addLoudspeaker(name + "feed")
        try await control(
            "load-module", "module-remap-source", "master=\(name)feed.monitor", "source_name=" + name)
        let second = (0..<48_000).flatMap { sample -> [UInt8] in
            let value = Int16(3277 * sin(2 * .pi * Double(frequency * sample % 48_000) / 48_000))
            return [UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8)]
        }
        try Data(second).write(to: URL(filePath: folder + "/" + name))
        try start(
            "while cat $HOME/\(name); do :; done | pacat --server \(address) --raw --rate=48000 --channels=1"
                + " --format=s16le --latency-msec=50 -d \(name)feed")
    }

    /// Whether the tone comes out of the loudspeaker within some seconds.
    func hears(_ frequency: Double, from loudspeaker: String) async throws -> Bool {
        let file = folder + "/heard"
        let command =
            "parec --server \(address) -d \(loudspeaker).monitor --rate=48000 --channels=1 --format=s16le"
            + " --latency-msec=20 | head -c 48000 >\(file)"
        for _ in 1...16 {
            _ = try await LiveProcess("/bin/sh", ["-c", command], environment: ["HOME": folder]).run()
            let heard = RecordedWAV(raw: try Data(contentsOf: URL(filePath: file)), sampleRate: 48_000)
            if heard.amplitude(of: frequency, in: 0) > 0.05 { return true }
        }
        return false
    }

    private static let closeAll =
        "import os, sys; os.closerange(3, 65536); os.execv('/bin/sh', ['sh', '-c', sys.argv[1]])"

    /// Starts a shell's command in a process group of its own, with nothing of this process but the environment.
    private func start(_ command: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in Int32(0)...2 {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        let words = ["/usr/bin/python3", "-c", Self.closeAll, command]
        let variables = ["HOME=" + folder, "XDG_RUNTIME_DIR=" + folder, "PATH=/usr/bin:/bin"]
        var arguments = words.map { strdup($0) } + [nil]
        var environment = variables.map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var program: pid_t = 0
        try #require(posix_spawn(&program, words[0], &actions, &attributes, &arguments, &environment) == 0)
        programs.append(program)
    }
}
