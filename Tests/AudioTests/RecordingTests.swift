import Foundation
import Synchronization
import Testing
import Wire

@testable import Audio

/// What a recording holds is read by FFmpeg, through PyAV, which bootstrap installs.
@Suite(.timeLimit(.minutes(1))) struct RecordingTests {
    private static let begin = Instant(nanoseconds: 1_000_000_000)

    private let folder = ScratchFolder()

    @Test(
        "Each side has its own channel: the agent the left one, the other side the right one",
        arguments: Recording.Settings.Format.allCases)
    func separate(format: Recording.Settings.Format) async throws {
        let path = folder.path + "/call"
        let recording = try recording(path, .init(format: format, channels: .separate))
        let over = say(50..<150, into: recording, agent: 440, customer: 1000)
        await end(recording, at: over)
        let heard = try await FFmpegReading(of: path)
        #expect(heard.duration == 3)
        #expect(heard.channels.map(\.count) == [3, 3])
        // A second before anything was said, then two of sound.
        #expect(heard.channels[0][0].level < -80)
        for second in 1...2 {
            #expect(abs(heard.channels[0][second].frequency - 440) < 2)
            #expect(abs(heard.channels[1][second].frequency - 1000) < 2)
            #expect(abs(heard.channels[0][second].level + 20) < 1)
            // Nothing of one side is in the other's channel.
            #expect(heard.channels[0][second].energy(at: 1000) < -70)
            #expect(heard.channels[1][second].energy(at: 440) < -70)
        }
    }

    @Test("Both sides go into one channel", arguments: Recording.Settings.Format.allCases)
    func mixed(format: Recording.Settings.Format) async throws {
        let path = folder.path + "/call"
        let recording = try recording(path, .init(format: format, channels: .mixed))
        await end(recording, at: say(0..<100, into: recording, agent: 440, customer: 1000))
        let heard = try await FFmpegReading(of: path)
        #expect(heard.duration == 2)
        #expect(heard.channels.count == 1)
        // A codec of voices takes two pure tones at once less exactly than one.
        #expect(abs(heard.channels[0][1].energy(at: 1000) + 20) < 2)
        #expect(abs(heard.channels[0][1].energy(at: 440) + 20) < 2)
    }

    @Test(
        "A time without frames is as long in the file, and so is the end of a call in silence",
        arguments: Recording.Settings.Format.allCases)
    func gaps(format: Recording.Settings.Format) async throws {
        let path = folder.path + "/call"
        let recording = try recording(path, .init(format: format, channels: .separate))
        _ = say(0..<50, into: recording, agent: 440, customer: 1000)
        _ = say(150..<200, into: recording, agent: 700, customer: 600)
        await end(recording, at: Self.begin + .seconds(6))
        let heard = try await FFmpegReading(of: path)
        #expect(heard.duration == 6)
        let agent = heard.channels[0]
        #expect(agent.map { $0.level > -40 } == [true, false, false, true, false, false])
        #expect(abs(agent[3].frequency - 700) < 2)
        #expect(abs(heard.channels[1][3].frequency - 600) < 2)
    }

    @Test(
        "What is recorded can be read while it goes on, as it is left by a crash",
        arguments: Recording.Settings.Format.allCases)
    func unfinished(format: Recording.Settings.Format) async throws {
        let path = folder.path + "/call"
        let recording = try recording(path, .init(format: format, channels: .separate))
        _ = say(0..<100, into: recording, agent: 440, customer: 1000)
        #expect(await eventually { recording.duration == .seconds(2) })
        let heard = try await FFmpegReading(of: path)
        #expect(heard.channels[0].count == 2)
        #expect(abs(heard.channels[0][0].frequency - 440) < 2)
        #expect(abs(heard.channels[1][0].frequency - 1000) < 2)
    }

    @Test("A file that is there is not written over, and only its owner may read a recording")
    func exclusive() async throws {
        let path = folder.path + "/call.wav"
        let recording = try recording(path, .init())
        #expect(throws: Recording.Failure.unwritable("File exists")) { try self.recording(path, .init()) }
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        await end(recording, at: Self.begin)
    }

    @Test("Of a file into which nothing could be written nothing is left")
    func empty() throws {
        let path = folder.path + "/empty"
        do { _ = try OutputFile(creating: path) }
        #expect(!FileManager.default.fileExists(atPath: path))
        do { try OutputFile(creating: path).append([1]) }
        #expect(FileManager.default.contents(atPath: path) == Data([1]))
    }

    @Test("A disk that is full ends the recording, and that is said once")
    func full() async throws {
        let ring = FrameRing(capacity: 4)
        let failures = Mutex<[Recording.Failure]>([])
        let writer = RecordingWriter(FullDisk(), .separate, ring: ring) { failure in
            failures.withLock { $0.append(failure) }
        }
        let frame = nextFrame(of: NullDevice())
        ring.write(frame.span, frame.span, number: 0)
        writer.stop(length: 5)
        writer.stop(length: 9)
        #expect(failures.withLock { $0 } == [.unwritable("No space left on device")])
        #expect(writer.framesKept == 0)
    }

    private func recording(_ path: String, _ settings: Recording.Settings) throws(Recording.Failure) -> Recording {
        try Recording(path: path, settings: settings, begin: Self.begin, serial: 7) { Issue.record("\($0)") }
    }

    /// Says these frames; returns the time after the last.
    private func say(
        _ numbers: Range<Int>, into recording: Recording, agent: Double, customer: Double
    ) -> Instant {
        let agent = ToneSource(frequency: agent, level: -20)
        let customer = ToneSource(frequency: customer, level: -20)
        for number in numbers {
            let (said, heard) = (nextFrame(of: agent), nextFrame(of: customer))
            recording.add(
                agent: said.span, customer: heard.span, at: Self.begin + AudioFormat.frameDuration * number)
        }
        return Self.begin + AudioFormat.frameDuration * numbers.upperBound
    }

    private func end(_ recording: Recording, at now: Instant) async {
        await withCheckedContinuation { continuation in
            recording.end(at: now) { continuation.resume() }
        }
    }
}

private final class FullDisk: SpeechFile {
    func append(_ frame: UnsafeBufferPointer<Int16>) throws(OutputFile.Failure) {}

    func flush() throws(OutputFile.Failure) { throw .refused("No space left on device") }

    func finish(silence: UnsafeBufferPointer<Int16>) throws(OutputFile.Failure) { try flush() }
}
