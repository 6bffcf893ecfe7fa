import Audio
import Crypto
import Engine
import Logging
import Wire

/// How long ICE and DTLS take between two media paths over loopback.
struct Connecting {
    /// From the answer that the offerer accepts to its connection, the median of so many calls.
    static func median(of calls: Int) async throws -> Duration {
        let certificate = Certificate.selfSigned()
        var times: [Duration] = []
        for _ in 0..<calls { times.append(try await time(with: certificate)) }
        return times.sorted()[times.count / 2]
    }

    private static func time(with certificate: Certificate) async throws -> Duration {
        let (events, continuation) = AsyncStream.makeStream(of: MediaPath.Event.self)
        let offerer = makePath(certificate) { continuation.yield($0) }
        let answerer = makePath(certificate) { _ in }
        let answer = try await answerer.answer(offer: try await offerer.offer())
        let start = ContinuousClock.now
        try await offerer.accept(answer: answer)
        for await event in events where event == .connected { break }
        let time = ContinuousClock.now - start
        await offerer.close()
        await answerer.close()
        return time
    }

    private static func makePath(
        _ certificate: Certificate, onEvent: @escaping @Sendable (MediaPath.Event) -> Void
    ) -> MediaPath {
        var logger = Logger(label: "bench")
        logger.logLevel = .critical
        return MediaPath(
            configuration: .init(addresses: [.loopback4], certificate: certificate, cname: "bench"),
            source: PreparedTone(), sink: NullDevice(), logger: logger, onEvent: onEvent)
    }
}
