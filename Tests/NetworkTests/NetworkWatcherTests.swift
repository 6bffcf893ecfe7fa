import Foundation
import Glibc
import Network
import Testing

@Suite("The network's changes (rtnetlink(7))", .timeLimit(.minutes(2)))
struct NetworkWatcherTests {
    enum Failure: Error, CustomStringConvertible {
        case notAllowed
        case commandFailed(String)

        var description: String {
            switch self {
            case .notAllowed: "no network namespace may be made here; this test needs root or CAP_SYS_ADMIN"
            case .commandFailed(let command): "`ip \(command)` failed; the package iproute2 has it"
            }
        }
    }

    @Test("A link that comes up or goes down, an address that comes or goes and a route are each told")
    func changes() async throws {
        let commands = [
            "link set lo up", "address add 192.0.2.1/32 dev lo", "route add 198.51.100.0/24 dev lo",
            "address del 192.0.2.1/32 dev lo", "address add 2001:db8::1/128 dev lo", "link set lo down",
        ]
        let told = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try Self.told(of: commands) }) }
        }
        #expect(told == commands)
    }

    /// The Glibc module leaves out what <sched.h> has for Linux alone: `unshare(CLONE_NEWNET)`.
    private static func enterOwnNetwork() -> Bool {
        guard let unshare = dlsym(nil, "unshare") else { return false }
        return unsafeBitCast(unshare, to: (@convention(c) (Int32) -> Int32).self)(0x4000_0000) == 0
    }

    /// Foundation's `Process` starts programs elsewhere than in this thread's namespace.
    private static func run(_ program: String, _ arguments: String) -> Bool {
        var words = ([program] + arguments.split(separator: " ").map(String.init)).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var process: pid_t = 0
        var status: Int32 = -1
        return posix_spawn(&process, program, nil, nil, &words, environ) == 0
            && waitpid(process, &status, 0) == process && status == 0
    }

    /// Those of the commands that were told of in a network namespace that is this thread's alone.
    private static func told(of commands: [String]) throws -> [String] {
        guard enterOwnNetwork() else { throw Failure.notAllowed }
        let executor = QueueExecutor(label: "watcher")
        let change = DispatchSemaphore(value: 0)
        let watcher = try NetworkWatcher(on: executor) { change.signal() }
        defer { withExtendedLifetime(watcher) {} }
        return try commands.filter { command in
            guard run("/usr/sbin/ip", command) else { throw Failure.commandFailed(command) }
            return change.wait(timeout: .now() + 10) == .success
        }
    }
}
