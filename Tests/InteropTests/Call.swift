import Audio
import Crypto
import Engine
import Logging
import SDP
import Synchronization
import Wire

/// Our end: a tone to send, nothing to play to.
final class Call: Sendable {
    let path: MediaPath
    private let recorder = Recorder()

    var events: [MediaPath.Event] { recorder.events.withLock { $0 } }

    init(
        tone: Double, codecs: [MediaCodec] = [.opus], ice: ICEConfiguration = ICEConfiguration(),
        addresses: [IPAddress] = [.loopback4], encryptions: Set<MediaEncryption> = [.dtls]
    ) {
        var configuration = MediaPath.Configuration(
            addresses: addresses, certificate: .selfSigned(), ice: ice, codecs: codecs, cname: "test")
        configuration.encryptions = encryptions
        path = MediaPath(
            configuration: configuration,
            source: ToneSource(frequency: tone, level: -20), sink: NullDevice(), logger: Logger(label: "test")
        ) { [recorder] event in
            recorder.events.withLock { $0.append(event) }
        }
    }

    private final class Recorder: Sendable {
        let events = Mutex<[MediaPath.Event]>([])
    }

    /// Offers and answers with another one of ours.
    func connect(to other: Call) async throws {
        try await path.accept(answer: try await other.path.answer(offer: try await path.offer()))
    }

    /// The offer of a restart, once there is one.
    func restart() async throws -> String? {
        _ = try await eventually { events.contains { if case .restarts = $0 { true } else { false } } }
        return events.lazy.compactMap { if case .restarts(let offer) = $0 { offer.value } else { nil } }.last
    }
}

extension MediaPath.Statistics {
    /// Within 3 Hz and 1.5 dB.
    func hears(_ frequency: Double, at level: Double) -> Bool {
        abs((received.frequency ?? 0) - frequency) < 3 && abs(received.level - level) < 1.5
    }
}

extension AIORTCPeer {
    /// Within 3 Hz and 1.5 dB.
    func hears(_ frequency: Double, at level: Double) async throws -> Bool {
        let heard = try await ask(.statistics)
        return abs((heard.frequency ?? 0) - frequency) < 3 && abs((heard.level ?? 0) - level) < 1.5
    }
}

/// Whether a fact comes true within ten seconds.
func eventually(_ fact: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < deadline {
        if try await fact() { return true }
        try await Task.sleep(for: .milliseconds(20))
    }
    return try await fact()
}
