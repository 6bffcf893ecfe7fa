import Audio
import Daemon
import Testing
import Wire

@Suite("A call whose sound goes through a sound server, end to end", .serialized, .timeLimit(.minutes(2)))
struct LiveSoundServerTests {
    @Test(
        "PulseAudio: each hears the other's tone; the sound follows new defaults and plugs within 500 ms",
        .enabled(if: SoundRoom.Kind.pulseAudio.isInstalled, "needs pulseaudio"))
    func pulseAudio() async throws {
        try await call(in: SoundRoom(.pulseAudio))
    }

    @Test(
        "PipeWire that speaks PulseAudio's protocol: the same",
        .enabled(if: SoundRoom.Kind.pipeWire.isInstalled, "needs dbus, pipewire-pulse and wireplumber"))
    func pipeWire() async throws {
        try await call(in: SoundRoom(.pipeWire))
    }

    @Test(
        "Calls are heard where the remoteAudio of an init that was taken says (SDK: init)",
        .enabled(if: SoundRoom.Kind.pulseAudio.isInstalled, "needs pulseaudio"))
    func remoteAudio() async throws {
        let room = try await SoundRoom(.pulseAudio)
        for loudspeaker in ["first", "second", "third"] { try await room.addLoudspeaker(loudspeaker) }
        try await room.setDefault(sink: "first")
        let house = try await LiveHouse.open {
            $0.soundServer = room.address
            $0.microphone = .null
            $0.speaker = .pulse(names: ["default"])
            $0.echoCancellation = .off
            $0.playsTones = false
        }
        func login(on loudspeaker: String) -> JSON {
            .object((LiveHouse.login.object ?? [:]).merging(["remoteAudio": .string(loudspeaker)]) { $1 })
        }
        try await house.post("getUser", LiveHouse.user)
        #expect(try await house.post("init", login(on: "second")).body == ["result": true])
        #expect(try await comesTrue { try await house.get("checkSeatState").body == ["result": 1] })
        #expect(try await house.post("init", login(on: "third")).status == 409)
        try await house.post("call", ["number": "13800138000"])
        #expect(try await house.call(in: "connected") != nil)
        #expect(try await comesTrue { try await house.get("audio").body["speaker"]?["open"] == "second" })
        await house.close()
    }

    private func call(in room: SoundRoom) async throws {
        try await room.addLoudspeaker("first")
        try await room.addLoudspeaker("second")
        try await room.addMicrophone("near", hearing: 440)
        try await room.addMicrophone("far", hearing: 700)
        try await room.setDefault(sink: "first")
        try await room.setDefault(source: "near")
        let house = try await LiveHouse.open {
            $0.soundServer = room.address
            $0.microphone = .pulse(names: ["default"])
            $0.speaker = .pulse(names: ["headset", "default"])
            $0.echoCancellation = .off
            $0.playsTones = false
        }
        try await house.post("getUser", LiveHouse.user)
        try await house.post("init", LiveHouse.login)
        #expect(try await comesTrue { try await house.get("checkSeatState").body == ["result": 1] })
        try await house.scenario("customers/13911112222", put: ["voice": "tone:1000", "echoes": false])
        try await house.scenario("customers/13911112222/calls", ["extension": "1001"])
        let call = try #require(try await house.call(in: "offered"))
        try await house.post("answerPBXCall", ["ccNumber": .string(call)])
        #expect(try await house.call(in: "connected") == call)
        #expect(try await house.isOpen("near", "first"))
        #expect(try await house.isHeard(440))
        #expect(try await room.hears(1000, from: "first"))

        try await house.expectMove(to: ("near", "second")) { try await room.setDefault(sink: "second") }
        #expect(try await room.hears(1000, from: "second"))
        try await house.expectMove(to: ("far", "second")) { try await room.setDefault(source: "far") }
        #expect(try await house.isHeard(700))

        var headset = ""
        try await house.expectMove(to: ("far", "headset")) { headset = try await room.addLoudspeaker("headset") }
        #expect(try await room.hears(1000, from: "headset"))
        // A server may have made what is new the default device, and make another one so when it is gone.
        try await room.setDefault(sink: "first")
        try await house.expectMove(to: ("far", "first")) { try await room.control("unload-module", headset) }
        #expect(try await room.hears(1000, from: "first"))
        #expect(try await house.isHeard(700))

        #expect(try await house.call(in: "connected") == call)
        try await house.post("terminate", ["ccNumber": .string(call)])
        await house.close()
    }
}

extension LiveHouse {
    /// Waits for a call in this state.
    fileprivate func call(in state: JSON) async throws -> String? {
        var call: JSON?
        #expect(
            try await comesTrue {
                call = try await get("calls").body["calls"]?.array?.first
                return call?["state"] == state
            })
        return call?["ccNumber"]?.string
    }

    /// Whether the customer's side gets to hear the tone.
    fileprivate func isHeard(_ frequency: Double) async throws -> Bool {
        try await comesTrue {
            let heard = try await scenarioState()["calls"]?.array?.first?["agent"]
            guard case .number(let measured)? = heard?["frequency"] else { return false }
            return abs(measured - frequency) < 5
        }
    }

    fileprivate func isOpen(_ microphone: String, _ speaker: String) async throws -> Bool {
        try await comesTrue {
            let audio = try await get("audio").body
            return audio["microphone"]?["open"]?.string == microphone && audio["speaker"]?["open"]?.string == speaker
        }
    }

    /// Half a second counts from the moment the server has done what is asked.
    fileprivate func expectMove(
        to devices: (String, String), sourceLocation: SourceLocation = #_sourceLocation,
        _ change: () async throws -> Void
    ) async throws {
        try await change()
        let changed = ContinuousClock.now
        #expect(try await isOpen(devices.0, devices.1), "\(devices)", sourceLocation: sourceLocation)
        #expect(ContinuousClock.now - changed < .milliseconds(500), sourceLocation: sourceLocation)
    }
}
