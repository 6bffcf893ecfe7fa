import Foundation

/// A platform that offers the seat one call with sound; `peers/platform_peer.py` says what it does.
struct PlatformPeer {
    /// What it says line by line.
    let program: Program

    /// - Parameter port: where the server sends what is for the platform.
    init(port: UInt16, in lab: NetworkLab, behind server: KamailioServer) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let python =
            ProcessInfo.processInfo.environment["PHONEBARD_TEST_PYTHON"]
            ?? folder.appending(path: "../../.venv/bin/python3").standardized.path
        program = try Program(
            [
                python, folder.appending(path: "peers/platform_peer.py").path, server.address, "\(port)",
                "\(server.plainPort)", "1001_00010078", "platform.test",
            ], in: lab.gateway, reading: .output, home: server.folder.path)
    }

    func listens() async throws {
        try await program.line(containing: "listening")
    }

    /// Waits until it hears this frequency, give or take what half a second can tell apart.
    func hears(_ frequency: Int) async throws {
        while true {
            let line = try await program.line(containing: "heard ")
            if let heard = Int(line.dropFirst("heard ".count)), abs(heard - frequency) <= 4 { return }
        }
    }

    /// Waits until whoever the call was moved to hears this frequency.
    func otherHears(_ frequency: Int) async throws {
        while true {
            let line = try await program.line(containing: "other heard ")
            if let heard = Int(line.dropFirst("other heard ".count)), abs(heard - frequency) <= 4 { return }
        }
    }

    func hearsNothing() async throws {
        try await program.line(containing: "heard nothing")
    }
}
