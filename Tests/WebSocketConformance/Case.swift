/// One case of the catalogue, played to a WebSocket that echoes.
struct Case: Sendable {
    enum Step: Sendable {
        case send([Frame], RawPeer.Chop = .together)
        /// A part of a frame's payload, with the header if it is the first.
        case sendPart(of: Frame, payload: Range<Int>)
        /// Waits for what comes next.
        case receive
        /// Nothing may come for a moment.
        case silence
        /// The connection must fail now; failing only after the next steps is not strict.
        case failNow
    }

    enum Ending: Sendable {
        /// The test closes with 1000 and gets 1000 back.
        case clean
        /// The test has sent a close frame and gets one of these codes back.
        case answered([UInt16?])
        /// The peer fails the connection with one of these codes, or just ends it.
        case failed([UInt16])
    }

    struct Script: Sendable {
        var steps: [Step]
        var expected: [RawPeer.Received] = []
        /// What is not quite as expected, but no fault.
        var tolerated: [RawPeer.Received]?
        var ending = Ending.clean
        /// Whether every outcome is allowed.
        var isInformational = false
    }

    /// Messages that are echoed one after the other.
    struct RoundTrips: Sendable {
        var data: TestData
        var size: Int
        var count: Int
        var fragmentSize = 0
        /// What the test asks of the peer's compression; nil for no compression.
        var negotiation: [Negotiation]?
    }

    enum Play: Sendable { case script(Script), roundTrips(RoundTrips) }

    enum Verdict: Equatable, Sendable {
        case ok
        case nonStrict(String)
        case informational(String)
        case failed(String)
    }

    var number: String
    var title: String
    /// Whether the short form leaves it out.
    var isHeavy = false
    var play: Play

    init(_ number: String, _ title: String, isHeavy: Bool = false, _ script: Script) {
        self.number = number
        self.title = title
        self.isHeavy = isHeavy
        play = .script(script)
    }

    init(_ number: String, _ title: String, isHeavy: Bool = false, _ roundTrips: RoundTrips) {
        self.number = number
        self.title = title
        self.isHeavy = isHeavy
        play = .roundTrips(roundTrips)
    }

    var section: Int { number.split(separator: ".").first.flatMap { Int($0) } ?? 0 }
}

extension Case {
    /// Plays the case and judges; a peer that breaks the protocol has failed.
    func verdict(on subject: some Subject) -> Verdict {
        do {
            switch play {
            case .script(let script):
                return try script.play(on: try subject.connect(offering: nil))
            case .roundTrips(let roundTrips):
                return try roundTrips.play(on: try subject.connect(offering: roundTrips.negotiation))
            }
        } catch let violation as RawPeer.Violation {
            return .failed("sent " + violation.what)
        } catch {
            return .failed("\(error)")
        }
    }
}

extension Case.Script {
    private struct Outcome {
        var received: [RawPeer.Received] = []
        var wasLate = false
        var wasEarly = false
    }

    func play(on peer: RawPeer) throws -> Case.Verdict {
        var outcome = Outcome()
        for step in steps {
            switch step {
            case .send(let frames, let chop): peer.send(frames, chop)
            case .sendPart(let frame, let range): peer.send(partOf: frame, range)
            case .receive: outcome.received.append(try peer.next())
            case .silence: outcome.wasEarly = outcome.wasEarly || peer.socket.isReadable(within: 50)
            case .failNow: outcome.wasLate = !peer.socket.isReadable(within: 1000)
            }
        }
        let verdict = try judge(outcome, peer)
        guard isInformational else { return verdict }
        return .informational(verdict == .ok ? "as hoped for" : "\(verdict)")
    }

    private func judge(_ outcome: Outcome, _ peer: RawPeer) throws -> Case.Verdict {
        guard !outcome.wasEarly else { return .failed("spoke too early") }
        var received = outcome.received
        if case .clean = ending {
            while received.count < expected.count, !received.isOver { received.append(try peer.next()) }
            if !received.isOver { peer.send([.close(1000)]) }
        }
        while !received.isOver { received.append(try peer.next()) }
        let isEnded =
            try received.last == .end
            || {
                peer.socket.endSending(); return try peer.next() == .end
            }()
        guard isEnded else { return .failed("did not end the connection") }
        let messages = received.dropLast()
        guard hasEndedWell(received.last) else {
            return .failed("ended with \(received.last ?? .end) after \(Array(messages)), not with \(ending)")
        }
        if messages.elementsEqual(expected) { return outcome.wasLate ? .nonStrict("failed late") : .ok }
        if let tolerated, messages.elementsEqual(tolerated) { return .nonStrict("sent \(tolerated)") }
        return .failed("sent \(Array(messages)), not \(expected)")
    }

    private func hasEndedWell(_ last: RawPeer.Received?) -> Bool {
        switch (ending, last) {
        case (.clean, .close(1000)): true
        case (.answered(let codes), .close(let code)): codes.contains(code)
        case (.failed(let codes), .close(let code?)): codes.contains(code)
        case (.failed, .end): true
        default: false
        }
    }
}

extension [RawPeer.Received] {
    fileprivate var isOver: Bool {
        switch last {
        case .close, .end: true
        case .message, .pong, nil: false
        }
    }
}

extension Case.RoundTrips {
    private static let patience: Int32 = 100_000

    func play(on peer: RawPeer) throws -> Case.Verdict {
        var uncompressed = 0
        for index in 0..<count {
            let message = data.message(index, size: size)
            peer.send(message: message, isText: data.isText, fragmentSize: fragmentSize)
            let echo = try peer.next(within: Self.patience)
            guard echo == .message(isText: data.isText, message) else { return .failed("message \(index): \(echo)") }
            if peer.compresses, !peer.wasCompressed { uncompressed += 1 }
        }
        peer.send([.close(1000)])
        let close = try peer.next()
        guard close == .close(1000) else { return .failed("\(close), not close 1000") }
        return uncompressed == 0 ? .ok : .nonStrict("\(uncompressed) of \(count) not compressed")
    }
}
