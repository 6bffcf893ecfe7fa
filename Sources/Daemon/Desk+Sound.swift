import Audio
import ControlAPI
import Dialect
import Engine
import Glibc
import Logging
import Network
import Seat
import Wire

/// A call's recording, from the wish for it to the end of it.
struct CallRecording: Sendable {
    let making: Task<Result<Recording, Recording.Failure>, Never>
    /// Nil until its file is made.
    var recording: Recording?
    var leg: LegID?
    /// What fills it.
    var path: MediaPath?
}

/// What the agent hears of how calls go.
extension Desk {
    /// After anything that may have changed a call.
    func follow() {
        let calls = seat.progress
        for output in tones.follow(calls, heard: heardLegs) { carryOut(output) }
        followRecordings(of: calls)
    }

    func carryOut(_ output: CallTones.Output) {
        guard configuration.playsTones else { return }
        switch output {
        case .play(let tone): player.play { [devices = premises.devices] in devices.open(tone) }
        case .stop: player.stop()
        }
    }
}

/// The recordings.
extension Desk {
    private func followRecordings(of calls: [CallProgress]) {
        recorded.formIntersection(calls.map(\.id))
        if configuration.recording.isAutomatic {
            for call in calls where call.phase == .connected && !recorded.contains(call.id) {
                startRecording(call.id) { _ in }
            }
        }
        for (call, entry) in recordings {
            if let progress = calls.first(where: { $0.id == call }) {
                attach(entry, to: progress.leg, of: call)
            } else if entry.recording != nil {
                stopRecording(call) { _ in }
            }
        }
    }

    /// The media path the call is on fills the recording, that of a leg before it no longer does.
    private func attach(_ entry: CallRecording, to leg: LegID?, of call: CallID) {
        guard let recording = entry.recording, let leg, leg != entry.leg, let path = paths[leg] else { return }
        recordings[call]?.leg = leg
        recordings[call]?.path = path
        Task {
            await entry.path?.record(to: nil)
            await path.record(to: recording)
        }
    }

    /// One that is recorded already goes on.
    func startRecording(_ call: CallID, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void) {
        let entry = recordings[call] ?? CallRecording(making: Task { await record(call) })
        recordings[call] = entry
        recorded.insert(call)
        Task {
            let result = await entry.making.value
            completion(result.map(\.answer).mapError { .recordingFailed($0.reason) })
        }
    }

    private func record(_ call: CallID) async -> Result<Recording, Recording.Failure> {
        do throws(Recording.Failure) {
            let recording = try await makeRecording(of: call)
            recordings[call]?.recording = recording
            publish("started", call, recording)
            follow()
            return .success(recording)
        } catch {
            failed(call, error)
            return .failure(error)
        }
    }

    /// The disk is not waited for on the seats' queue.
    @concurrent
    private nonisolated func makeRecording(of call: CallID) async throws(Recording.Failure) -> Recording {
        let options = premises.configuration.recording
        let directory = options.directory ?? premises.configuration.stateDirectory + "/recordings"
        try Recording.makeDirectory(directory)
        let begin = Moment.now
        var randomness = Randomness.system
        return try Recording(
            path: directory + "/" + Recording.fileName(of: call, options.settings, at: begin),
            settings: options.settings, begin: begin.instant, serial: UInt32(truncatingIfNeeded: randomness.next())
        ) { [weak self] failure in
            self?.enter { $0.failed(call, failure) }
        }
    }

    func stopRecording(_ call: CallID, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void) {
        guard let entry = recordings[call] else { return completion(.failure(.notRecorded)) }
        guard let recording = entry.recording else {
            Task {
                _ = await entry.making.value
                stopRecording(call, completion: completion)
            }
            return
        }
        recordings[call] = nil
        let now = MonotonicClock.now
        endings[ObjectIdentifier(recording)] = Task {
            await entry.path?.record(to: nil)
            await withCheckedContinuation { continuation in
                recording.end(at: now) { continuation.resume() }
            }
            publish("stopped", call, recording)
            completion(.success(recording.answer))
            endings[ObjectIdentifier(recording)] = nil
        }
    }

    /// Waits until the files of all recordings are complete; their calls have ended.
    func endRecordings() async {
        for entry in recordings.values { _ = await entry.making.value }
        for ending in endings.values { await ending.value }
    }

    private func failed(_ call: CallID, _ failure: Recording.Failure) {
        let entry = recordings.removeValue(forKey: call)
        logger.error("recording", metadata: ["failure": "\(failure.reason)"])
        publish("failed", call, entry?.recording, reason: failure.reason)
        if let path = entry?.path { Task { await path.record(to: nil) } }
    }

    private func publish(_ state: String, _ call: CallID, _ recording: Recording?, reason: String? = nil) {
        let data: JSON = [
            "ccNumber": .string(call), "state": .string(state),
            "file": recording.map { .string($0.path) } ?? .null,
            "seconds": recording.map { .number($0.duration / .seconds(1)) } ?? 0,
            "reason": reason.map(JSON.string) ?? .null,
        ]
        premises.events.publish(Event.Content(.recording, data: data), seat: name.text, at: .now)
    }
}

extension Recording {
    /// As the snapshot of its call shows it.
    var json: JSON {
        [
            "file": .string(path), "format": .string(settings.format.rawValue),
            "channels": .string(settings.channels.rawValue), "seconds": .number(duration / .seconds(1)),
        ]
    }

    fileprivate var answer: JSON {
        ["result": true, "file": .string(path), "seconds": .number(duration / .seconds(1))]
    }

    /// With what is missing above it, for the owner alone.
    fileprivate static func makeDirectory(_ path: String) throws(Failure) {
        var end = path.startIndex
        while end < path.endIndex {
            end = path[path.index(after: end)...].firstIndex(of: "/") ?? path.endIndex
            let part = String(path[..<end])
            let isThere = mkdir(part, 0o700) == 0 || errno == EEXIST && access(part + "/", F_OK) == 0
            guard isThere else {
                throw .unwritable("\(part): \(String(cString: strerror(errno == EEXIST ? ENOTDIR : errno)))")
            }
        }
    }

    /// `20261126T183005.250Z-17309.wav`: of what the platform calls the call only what has a place in a file's name.
    fileprivate static func fileName(of call: CallID, _ settings: Settings, at begin: Moment) -> String {
        let time = rfc3339(unixMilliseconds: begin.unixMilliseconds).filter { $0 != "-" && $0 != ":" }
        let name = call.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }.prefix(64)
        return "\(time)-\(name).\(settings.format == .wav ? "wav" : "opus")"
    }
}

extension Recording.Failure {
    fileprivate var reason: String {
        switch self {
        case .unwritable(let reason): reason
        }
    }
}

extension Problem {
    fileprivate static let notRecorded = Problem(status: 409, "not-recorded", "The call is not being recorded.")

    fileprivate static func recordingFailed(_ reason: String) -> Problem {
        Problem(status: 500, "recording-failed", "The recording cannot be written.", detail: reason)
    }
}
