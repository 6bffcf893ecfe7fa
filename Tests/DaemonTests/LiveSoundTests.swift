import Audio
import Crypto
import Daemon
import Foundation
import HTTPTypes
import Network
import Simulator
import Testing
import Wire

@Suite("Tones, recordings and devices through the whole house", .serialized, .timeLimit(.minutes(3)))
struct LiveSoundTests {
    private let folder = FileManager.default.temporaryDirectory.path + "/live-sound-" + UUID().uuidString

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    @Test(
        "It rings until the call is answered, and the other side's end is told by a tone"
    )
    func tones() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let bell = folder + "/bell.wav"
        let house = try await LiveHouse.open { configuration in
            configuration.ringer = .wav(path: bell, repeats: true)
            configuration.microphone = .null
        }
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        try await house.scenario("customers/13911112222/calls", ["extension": "1001"])
        let call = try #require(try await events.next("callEvent", "newPBXCall")["c"])
        #expect(await comesTrue { RecordedWAV(bell).map { $0.amplitude(of: 660, in: 0) > 0.03 } ?? false })
        #expect(try await house.post("answerPBXCall", ["ccNumber": call]).body == ["result": true])
        #expect(try await events.next("callEvent", "answeredPBXCall")["c"] == call)
        try await house.hears(523.25, 659.26, 783.99, 1046.5)
        let rung = try #require(RecordedWAV(bell)).seconds
        try await house.scenario("customers/13911112222/hangup", [:])
        #expect(try await events.next("callEvent", "endPBXCall")["r"] == "25")
        let end = folder + "/bell-2.wav"
        #expect(await comesTrue { RecordedWAV(end).map { $0.amplitude(of: 450, in: 0) > 0.08 } ?? false })
        #expect(try #require(RecordedWAV(bell)).seconds == rung)
        await house.close()
    }

    @Test("Ringback is heard here and not at the other side, and a call that is refused is busy")
    func ringback() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let bell = folder + "/bell.wav"
        let house = try await LiveHouse.open { configuration in
            configuration.ringer = .wav(path: bell, repeats: true)
            configuration.microphone = .null
        }
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        // Nobody ever answers, and nothing is heard.
        try await house.post("call", ["number": "13800000020"])
        let call = try #require(try await events.next("callEvent", "calloutResponse")["c"])
        #expect(await comesTrue { RecordedWAV(bell).map { $0.amplitude(of: 450, in: 0) > 0.08 } ?? false })
        let sent = try await house.firstCall?["media"]?["sent"]
        #expect(sent?["frequency"] ?? .null == .null)
        try await house.post("terminate", ["ccNumber": call])
        _ = try await events.next("callEvent", "endPBXCall")
        try await house.post("call", ["number": "13800000503"])
        #expect(try await events.next("callEvent", "calloutResponse")["r"] == "503")
        #expect(
            await comesTrue { RecordedWAV(folder + "/bell-2.wav").map { $0.amplitude(of: 450, in: 0) > 0.08 } ?? false }
        )
        await house.close()
    }

    @Test("A call is recorded on demand, both sides apart, for its owner alone; snapshot and events say so")
    func recording() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let house = try await LiveHouse.open { [folder] in $0.recording.directory = folder + "/calls" }
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        let nobody = try await house.post("startRecording", ["ccNumber": "17309"])
        #expect(nobody.status == 404)
        try await house.post("call", ["number": "13800138000"])
        let call = try #require(try await events.next("callEvent", "calloutResponse")["c"])
        _ = try await events.next("callEvent", "answeredPBXCall")
        #expect(try await house.post("stopRecording", ["ccNumber": call]).status == 409)
        let started = try await house.post("startRecording", ["ccNumber": call])
        #expect(started.body["result"] == true)
        let path = try #require(started.body["file"]?.string)
        let told = try await events.next("recording")
        #expect(told["state"] == "started")
        #expect(told["file"]?.string == path)
        #expect(try await house.post("startRecording", ["ccNumber": call]).body["file"]?.string == path)
        try await house.recorded(atLeast: 2.5)
        try await house.hears(440)
        let stopped = try await house.post("stopRecording", ["ccNumber": call])
        #expect(try await events.next("recording")["state"] == "stopped")
        let wave = try #require(RecordedWAV(path))
        #expect(abs((stopped.body["seconds"]?.double ?? 0) - wave.seconds) < 0.001)
        #expect(wave.channels.count == 2)
        #expect(wave.amplitude(of: 440, in: 0) > 0.08)
        #expect(wave.melody(in: 0) < 0.01)
        #expect(wave.melody(in: 1) > 0.05)
        #expect(try permissions(path) == 0o600)
        #expect(try permissions(folder + "/calls") == 0o700)
        #expect(try await house.get("state").body["seats"]?["default"]?["calls"]?.array?.first?["recording"] == .null)
        await house.close()
    }

    @Test("Every call is recorded if so configured, and its recording ends with it")
    func automatic() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let house = try await LiveHouse.open { [folder] in
            $0.recording.directory = folder + "/calls"
            $0.recording.isAutomatic = true
            $0.recording.settings = Recording.Settings(format: .opus, channels: .mixed)
        }
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        try await house.post("call", ["number": "13800138000"])
        let call = try #require(try await events.next("callEvent", "calloutResponse")["c"])
        _ = try await events.next("callEvent", "answeredPBXCall")
        #expect(try await events.next("recording")["ccNumber"] == call)
        try await house.recorded(atLeast: 1)
        try await house.post("terminate", ["ccNumber": call])
        _ = try await events.next("callEvent", "endPBXCall")
        let stopped = try await events.next("recording")
        #expect(stopped["state"] == "stopped")
        let file = try #require(stopped["file"]?.string)
        #expect(file.hasSuffix(".opus"))
        #expect(FileManager.default.contents(atPath: file)?.starts(with: Array("OggS".utf8)) == true)
        await house.close()
    }

    @Test(
        "Microphone and speaker of any kind take the place of another one in mid-call; a file that cannot be used is refused"
    )
    func changed() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let house = try await LiveHouse.open { $0.speaker = .null }
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        try await house.scenario("customers/13800138000", put: ["voice": "tone:880", "echoes": false])
        try await house.post("call", ["number": "13800138000"])
        _ = try await events.next("callEvent", "calloutResponse")
        _ = try await events.next("callEvent", "answeredPBXCall")
        try await house.says(440)
        let heard = folder + "/heard.wav"
        let change: JSON = ["microphone": ["device": "tone:1000"], "speaker": ["device": .string("wav:" + heard)]]
        #expect(try await house.patch("audio", change).status == 200)
        try await house.says(1000)
        #expect(await comesTrue { RecordedWAV(heard).map { $0.amplitude(of: 880, in: 0) > 0.08 } ?? false })
        let none = try await house.patch("audio", ["microphone": ["device": .string("wav:\(folder)/none.wav")]])
        #expect(none.status == 409)
        #expect(none.body["detail"] == "'microphone.device': it cannot be read: No such file or directory.")
        let nowhere = try await house.patch("audio", ["speaker": ["device": .string("wav:\(folder)/none/a.wav")]])
        #expect(nowhere.body["detail"] == "'speaker.device': it cannot be written: No such file or directory.")
        #expect(try await house.get("audio").body["microphone"]?["chosen"] == "tone:1000.0,-20.0")
        await house.close()
    }

    @Test("Who starts a recording that is being started gets the same one, and who stops it then ends it")
    func together() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let house = try await LiveHouse.open { [folder] in $0.recording.directory = folder + "/calls" }
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        try await house.post("call", ["number": "13800138000"])
        let call = try #require(try await events.next("callEvent", "calloutResponse")["c"])
        _ = try await events.next("callEvent", "answeredPBXCall")
        for _ in 1...5 {
            let files = try await withThrowingTaskGroup(of: JSON?.self) { group in
                for _ in 1...4 {
                    group.addTask { try await house.post("startRecording", ["ccNumber": call]).body["file"] }
                }
                return try await group.reduce(into: Set<JSON?>()) { $0.insert($1) }
            }
            #expect(files.count == 1)
            #expect(try await house.post("stopRecording", ["ccNumber": call]).status == 200)
        }
        await house.close()
    }

    @Test("Where a recording cannot be made the problem says what is in the way, and nothing is left behind")
    func unwritable() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = folder + "/file"
        try Data().write(to: URL(filePath: file))
        let house = try await LiveHouse.open { $0.recording.directory = file + "/calls" }
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        try await house.post("call", ["number": "13800138000"])
        let call = try #require(try await events.next("callEvent", "calloutResponse")["c"])
        _ = try await events.next("callEvent", "answeredPBXCall")
        let refused = try await house.post("startRecording", ["ccNumber": call])
        #expect(refused.status == 500)
        #expect(refused.body["detail"]?.string == file + ": Not a directory")
        #expect(try await events.next("recording")["reason"]?.string == file + ": Not a directory")
        await house.close()
    }

    @Test("A daemon that stops completes what it records first, and says so")
    func stopped() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let house = try await LiveHouse.open { [folder] in $0.recording.directory = folder + "/calls" }
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        try await house.post("call", ["number": "13800138000"])
        let call = try #require(try await events.next("callEvent", "calloutResponse")["c"])
        _ = try await events.next("callEvent", "answeredPBXCall")
        let begin = ContinuousClock.now
        let started = try await house.post("startRecording", ["ccNumber": call])
        let path = try #require(started.body["file"]?.string)
        #expect(try await events.next("recording")["state"] == "started")
        try await house.recorded(atLeast: 0.5)
        let length = ContinuousClock.now - begin
        await house.close()
        var event = JSON.null
        while event["event"] != "recording" { event = try await events.next() }
        #expect(event["data"]?["state"] == "stopped")
        #expect(try #require(RecordedWAV(path)).seconds >= length / .seconds(1) - 0.1)
    }

    @Test("A recording whose daemon is killed can be played up to the last second")
    func killed() async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let platform = PlatformServer(
            configuration: PlatformServer.Configuration(stateDirectory: folder + "/platform"),
            logger: RecordedLog().logger)
        let addresses = try await platform.start()
        let daemon = try await blocking { [folder] in
            try DaemonProcess(
                folder: folder + "/daemon",
                arguments: [
                    "--platform-hosts", "025=\(addresses.http)", "--platform-socket-uri", "wss://\(addresses.sip)",
                    "--platform-ca-file", addresses.authorityFile, "--media-addresses", "127.0.0.1",
                    "--recording-automatic", "true",
                ], microphone: "tone:440")
        }
        let web = HTTPClient(trust: .system, timeLimit: .seconds(20))
        func ask(_ method: HTTPRequest.Method, _ path: String, _ body: JSON? = nil) async throws -> JSON {
            try await requestJSON(web, method, port: daemon.port, "/v1/" + path, token: daemon.token, body)
        }
        _ = try await ask(.post, "getUser", LiveHouse.user)
        _ = try await ask(.post, "init", LiveHouse.login)
        #expect(try await comesTrue { try await ask(.get, "checkLogin") == ["result": 1] })
        _ = try await ask(.post, "call", ["number": "13800138000"])
        var seconds = 0.0
        var file = ""
        #expect(
            try await comesTrue {
                let state = try await ask(.get, "state")
                let recording = state["seats"]?["default"]?["calls"]?.array?.first?["recording"]
                seconds = recording?["seconds"]?.double ?? 0
                file = recording?["file"]?.string ?? ""
                return seconds > 3
            })
        daemon.kill()
        let wave = try #require(RecordedWAV(file))
        #expect(wave.seconds >= seconds)
        #expect(wave.amplitude(of: 440, in: 0) > 0.08)
        #expect(wave.melody(in: 1) > 0.05)
        await platform.stop()
    }

    private func permissions(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
}

/// Whether a fact comes true within twenty seconds.
func comesTrue(_ fact: () async throws -> Bool) async rethrows -> Bool {
    let limit = MonotonicClock.now + .seconds(20)
    while MonotonicClock.now < limit {
        if try await fact() { return true }
        try? await Task.sleep(for: .milliseconds(20))
    }
    return false
}

extension JSON {
    fileprivate var double: Double? {
        switch self {
        case .number(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }
}

extension LiveHouse {
    fileprivate var firstCall: JSON? {
        get async throws { try await get("state").body["seats"]?["default"]?["calls"]?.array?.first }
    }

    /// Waits until the first call is sent this tone.
    fileprivate func says(_ frequency: Double) async throws {
        #expect(
            try await comesTrue {
                let said = try await firstCall?["media"]?["sent"]?["frequency"]?.double
                return said.map { abs($0 - frequency) < 5 } ?? false
            })
    }

    /// Waits until so many seconds of the first call are in its recording.
    fileprivate func recorded(atLeast seconds: Double) async throws {
        #expect(try await comesTrue { (try await firstCall?["recording"]?["seconds"]?.double ?? 0) >= seconds })
    }
}

extension RecordedWAV {
    /// How loud the customer's melody is.
    fileprivate func melody(in channel: Int) -> Double {
        [523.25, 659.26, 783.99, 1046.5].map { amplitude(of: $0, in: channel) }.max() ?? 0
    }
}
