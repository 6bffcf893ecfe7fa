import Audio
import Network
import Wire

/// All conversations, on one queue that beats every 20 ms while there is one; a beat neither allocates nor locks.
final class Mixer: @unchecked Sendable {
    private let executor = QueueExecutor(label: "platform.mixer")
    // What follows is touched on the queue only.
    private var rooms: [RoomID: Mix] = [:]
    private var metronome: RepeatingTimer?

    /// From now on these are in the room; one without members is gone.
    func arrange(_ room: RoomID, _ members: [Mix.Member]) {
        executor.async { [self] in
            rooms[room] = members.isEmpty ? nil : Mix(members)
            if rooms.isEmpty { metronome = nil }
            if !rooms.isEmpty, metronome == nil {
                metronome = RepeatingTimer(on: executor, every: AudioFormat.frameDuration) { [weak self] in self?.beat()
                }
            }
        }
    }

    /// What a customer hears, measured.
    func reading(of customer: CustomerSound) async -> ToneMeter.Reading {
        await withCheckedContinuation { continuation in
            executor.async { continuation.resume(returning: customer.reading) }
        }
    }

    private func beat() {
        for room in rooms.values { room.beat() }
    }
}
