import Crypto
import Media
import Peer
import Wire

/// Two peer connections, and a third one that may take another's place, in virtual time over a network that delays and loses.
final class Story {
    enum Side: Hashable { case a, b, c }

    struct Datagram {
        var bytes: [UInt8]
        var from: Endpoint
        var to: Endpoint
        var arrivesAt: Instant
    }

    /// What a decoder was given in one call; samples are those of the player.
    enum Played: Equatable {
        case frame([UInt8])
        case recovered(from: [UInt8])
        case missing(samples: Int)
        case pause(samples: Int)
    }

    /// A decoder that only takes notes.
    struct Listener: SpeechDecoder {
        var played: [Played] = []
        /// What followed what was decoded first.
        var begun: [PayloadFormat] = []

        mutating func decode(_ payload: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
            played.append(.frame([UInt8](payload)))
            return 960
        }

        mutating func recover(_ count: Int, from next: Span<UInt8>, into samples: inout MutableSpan<Int16>) -> Int {
            played.append(.recovered(from: [UInt8](next)))
            return count
        }

        mutating func conceal(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
            played.append(.missing(samples: count))
            return count
        }

        mutating func pause(_ count: Int, into samples: inout MutableSpan<Int16>) -> Int {
            // Before the first frame it is the delay.
            if !played.isEmpty { played.append(.pause(samples: count)) }
            return count
        }

        mutating func begin(_ format: PayloadFormat) { begun.append(format) }
    }

    static let addressA = Endpoint(.v4(0xC000_0201), port: 5_000)
    static let addressB = Endpoint(.v4(0xC000_0202), port: 6_000)
    static let addressC = Endpoint(.v4(0xC000_0203), port: 7_000)
    static let delay = Duration.milliseconds(10)

    private(set) var now = Instant(nanoseconds: 1_000_000_000)
    var a: PeerConnection
    var b: PeerConnection
    var c: PeerConnection
    /// Everything but transmissions, in order.
    private(set) var events: [Side: [PeerConnection.Output]] = [.a: [], .b: [], .c: []]
    private var listeners = (a: Listener(), b: Listener(), c: Listener())
    private(set) var datagrams: [Datagram] = []
    private(set) var mediaSent = 0
    /// Whether a datagram, the n-th media packet for media, gets through.
    var rule: (_ datagram: Datagram, _ media: Int?) -> Bool = { _, _ in true }

    /// By how much longer the n-th media packet takes than others.
    var jitter: (_ media: Int) -> Duration = { _ in .zero }

    /// `configure` is for all sides.
    init(
        codecsA: [Codec] = [.opus, .pcmu, .pcma], codecsB: [Codec] = [.opus, .pcmu, .pcma],
        codecsC: [Codec] = [.opus, .pcmu, .pcma],
        configure: (inout PeerConnection.Configuration) -> Void = { _ in }
    ) {
        var configurationA = PeerConnection.Configuration(
            certificate: Self.certificateA, codecs: codecsA, cname: "a")
        var configurationB = PeerConnection.Configuration(
            certificate: Self.certificateB, codecs: codecsB, cname: "b")
        var configurationC = PeerConnection.Configuration(
            certificate: Self.certificateC, codecs: codecsC, cname: "c")
        configure(&configurationA)
        configure(&configurationB)
        configure(&configurationC)
        a = PeerConnection(configuration: configurationA, randomness: .seeded(1))
        b = PeerConnection(configuration: configurationB, randomness: .seeded(2))
        c = PeerConnection(configuration: configurationC, randomness: .seeded(3))
        a.setHostAddresses([Self.addressA])
        b.setHostAddresses([Self.addressB])
        c.setHostAddresses([Self.addressC])
    }

    var begun: [Side: [PayloadFormat]] {
        [.a: listeners.a.begun, .b: listeners.b.begun, .c: listeners.c.begun]
    }
    var played: [Side: [Played]] { [.a: listeners.a.played, .b: listeners.b.played, .c: listeners.c.played] }

    private static let certificateA = Certificate.selfSigned()
    private static let certificateB = Certificate.selfSigned()
    private static let certificateC = Certificate.selfSigned()

    /// Offer of a, answer of b, each changed on its way.
    func negotiate(
        offer changeOffer: (String) -> String = { $0 }, answer changeAnswer: (String) -> String = { $0 },
        answerTakes: Duration = .zero
    ) throws {
        let offer = a.createOffer(at: now)
        let (answer, outputs) = try b.createAnswer(toOffer: changeOffer(offer), at: now)
        perform(outputs, of: .b)
        run(for: answerTakes)
        perform(try a.acceptAnswer(changeAnswer(answer), at: now), of: .a)
    }

    /// A later offer to b, made by changing the first one.
    func reoffer(_ change: (String) -> String) throws -> String {
        let offer = change(a.createOffer(at: now))
        let (answer, outputs) = try b.createAnswer(toOffer: offer, at: now)
        perform(outputs, of: .b)
        return answer
    }

    /// A later offer of a, changed on its way, which b answers.
    func renegotiate(_ change: (String) -> String) throws -> String {
        let answer = try reoffer(change)
        perform(try a.acceptAnswer(answer, at: now), of: .a)
        return answer
    }

    /// Puts another peer where a was.
    func replaceA() {
        a = PeerConnection(
            configuration: PeerConnection.Configuration(certificate: .selfSigned(), codecs: [.opus], cname: "d"),
            randomness: .seeded(4))
        a.setHostAddresses([Self.addressA])
    }

    func close(_ side: Side) {
        switch side {
        case .a: perform(a.close(at: now), of: .a)
        case .b: perform(b.close(at: now), of: .b)
        case .c: perform(c.close(at: now), of: .c)
        }
    }

    func run(for duration: Duration) {
        let end = now + duration
        while let next = nextMoment, next <= end {
            now = max(now, next)
            deliver()
            if let deadline = a.deadline, deadline <= now { perform(a.handle(.deadlineReached, at: now), of: .a) }
            if let deadline = b.deadline, deadline <= now { perform(b.handle(.deadlineReached, at: now), of: .b) }
            if let deadline = c.deadline, deadline <= now { perform(c.handle(.deadlineReached, at: now), of: .c) }
        }
        now = end
    }

    /// The sides speak and listen, frame by frame of 20 ms; each payload is numbered.
    func talk(
        frames: Int, sides: [Side] = [.a, .b], samples: UInt32 = 960, payload: (Side, Int) -> [UInt8] = Story.opus
    ) {
        for number in 0..<frames {
            for side in sides {
                send(payload(side, number), samples: samples, of: side)
                play(side)
            }
            run(for: .milliseconds(20))
        }
    }

    /// A payload that looks like 20 ms of Opus and says who sent it.
    static func opus(_ side: Side, _ number: Int) -> [UInt8] {
        [0x78, side.letter, UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8)]
    }

    /// Frames of a codec, numbered from `first` on.
    func talk(_ codec: Codec, frames: Int, from first: Int = 0, sides: [Side] = [.a, .b]) {
        talk(frames: frames, sides: sides, samples: UInt32(codec.clockRate / 50)) { side, number in
            let said = Self.opus(side, number + first)
            return codec == .opus ? said : said + [UInt8](repeating: 0, count: 160 - said.count)
        }
    }

    /// Who said the frames that one has heard, and their numbers.
    func heard(by side: Side) -> [(speaker: Side, number: Int)] {
        played[side, default: []].compactMap { step in
            guard case .frame(let payload) = step, payload.count >= 4 else { return nil }
            let speaker = [Side.a, .b, .c].first { $0.letter == payload[1] }
            return speaker.map { ($0, Int(payload[2]) | Int(payload[3]) << 8) }
        }
    }

    /// How many steps were made up.
    func concealed(by side: Side) -> Int {
        played[side, default: []].count { if case .missing = $0 { true } else { false } }
    }

    func inject(_ bytes: [UInt8], to side: Side) {
        let (from, to) = side == .a ? (Self.addressB, Self.addressA) : (Self.addressA, Self.addressB)
        datagrams.append(Datagram(bytes: bytes, from: from, to: to, arrivesAt: now))
    }

    func send(_ payload: [UInt8], samples: UInt32 = 960, level: AudioLevel? = nil, of side: Side) {
        let transmit = { (bytes: Span<UInt8>, from: Endpoint, to: Endpoint) in
            self.transmit([UInt8](bytes), from: from, to: to, isMedia: true)
        }
        switch side {
        case .a: a.sendAudio(payload.span, samples: samples, level: level, at: now, transmit: transmit)
        case .b: b.sendAudio(payload.span, samples: samples, level: level, at: now, transmit: transmit)
        case .c: c.sendAudio(payload.span, samples: samples, level: level, at: now, transmit: transmit)
        }
    }

    private func play(_ side: Side) {
        var frame = [Int16](repeating: 0, count: 960)
        var samples = frame.mutableSpan
        switch side {
        case .a: a.playAudio(into: &samples, with: &listeners.a, at: now)
        case .b: b.playAudio(into: &samples, with: &listeners.b, at: now)
        case .c: c.playAudio(into: &samples, with: &listeners.c, at: now)
        }
    }

    private var nextMoment: Instant? {
        earliest(datagrams.map(\.arrivesAt).min(), earliest(earliest(a.deadline, b.deadline), c.deadline))
    }

    private func deliver() {
        let due = datagrams.filter { $0.arrivesAt <= now }
        datagrams.removeAll { $0.arrivesAt <= now }
        for datagram in due {
            var bytes = datagram.bytes
            var span = bytes.mutableSpan
            if datagram.to == Self.addressA || a.needs(datagram.to) {
                perform(a.receive(&span, from: datagram.from, to: datagram.to, at: now), of: .a)
            } else if datagram.to == Self.addressB || b.needs(datagram.to) {
                perform(b.receive(&span, from: datagram.from, to: datagram.to, at: now), of: .b)
            } else if datagram.to == Self.addressC {
                perform(c.receive(&span, from: datagram.from, to: datagram.to, at: now), of: .c)
            }
        }
    }

    func perform(_ outputs: [PeerConnection.Output], of side: Side) {
        for output in outputs {
            guard case .transmit(let bytes, let from, let to) = output else {
                events[side, default: []].append(output)
                continue
            }
            transmit(bytes, from: from, to: to, isMedia: false)
        }
    }

    private func transmit(_ bytes: [UInt8], from: Endpoint, to: Endpoint, isMedia: Bool) {
        if isMedia { mediaSent += 1 }
        let datagram = Datagram(
            bytes: bytes, from: from, to: to, arrivesAt: now + Self.delay + (isMedia ? jitter(mediaSent) : .zero))
        if rule(datagram, isMedia ? mediaSent : nil) { datagrams.append(datagram) }
    }
}

extension Story.Side {
    /// What tells its payloads from others'.
    var letter: UInt8 {
        switch self {
        case .a: 0xA
        case .b: 0xB
        case .c: 0xC
        }
    }
}
