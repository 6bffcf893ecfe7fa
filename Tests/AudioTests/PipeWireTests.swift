import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Audio

/// PipeWire that speaks PulseAudio's protocol, on a bus of its own; `HEAVY_TESTS` asks for it, and it needs the packages
/// pipewire-pulse, wireplumber and dbus.
@Suite(.timeLimit(.minutes(1))) struct PipeWireTests {
    private static let isAsked = ProcessInfo.processInfo.environment["HEAVY_TESTS"] != nil

    private static let script = """
        pipewire & A=$!
        wireplumber & B=$!
        pipewire-pulse & C=$!
        until [ -S $HOME/pulse/native ]; do sleep 0.05; done
        pactl load-module module-null-sink sink_name=spk rate=48000 >/dev/null
        echo ready
        read line
        kill $C $B $A
        """

    @Test("Devices are opened and echo cancellation is loaded on PipeWire, too", .enabled(if: isAsked))
    func echoCancellation() async throws {
        let folder = ScratchFolder()
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder.path)
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/dbus-run-session")
        process.arguments = ["--", "/bin/sh", "-c", Self.script]
        process.environment = ["HOME": folder.path, "XDG_RUNTIME_DIR": folder.path, "PATH": "/usr/bin:/bin"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        defer { try? input.fileHandleForWriting.write(contentsOf: Data("\n".utf8)) }
        var said = ""
        while !said.contains("ready") {
            let data = output.fileHandleForReading.availableData
            try #require(!data.isEmpty)
            said += String(decoding: data, as: UTF8.self)
        }
        let cancelled = PulseLoop(
            "unix:\(folder.path)/pulse/native", microphone: ["spk.monitor"], speaker: ["spk"], tone: 440,
            echoCancellation: .on)
        #expect(await eventually { cancelled.isOpen("phonebard_speaker", "phonebard_microphone") })
        #expect(cancelled.server.state.echo == .init(isOn: true, reason: "module-echo-cancel loaded"))
        cancelled.stop()
    }
}
