/// The cases of the Autobahn|Testsuite catalogue under its numbers, written anew; sections 8 and 11 are empty there.
enum Catalogue {
    static let cases: [Case] =
        framing + pings + reservedBits + opcodes + fragmentation + text + closing + limits + miscellaneous
        + compression + negotiation

    /// All of them with fewer and smaller messages, for every run of the tests.
    static let shortCases: [Case] = cases.filter { !$0.isHeavy }.map { full in
        guard case .roundTrips(var roundTrips) = full.play else { return full }
        roundTrips.count = min(roundTrips.count, 20)
        return Case(full.number, full.title, roundTrips)
    }

    static let protocolError: UInt16 = 1002
    static let invalidPayload: UInt16 = 1007

    /// A case of frames, the first thing a peer gets.
    static func frames(
        _ number: String, _ title: String, _ frames: [Frame], chop: RawPeer.Chop = .together,
        expected: [RawPeer.Received] = [], tolerated: [RawPeer.Received]? = nil, ending: Case.Ending = .clean
    ) -> Case {
        Case(
            number, title,
            Case.Script(steps: [.send(frames, chop)], expected: expected, tolerated: tolerated, ending: ending))
    }
}

extension RawPeer.Received {
    static func text(_ text: String) -> Self { .message(isText: true, Array(text.utf8)) }
    static func pong(_ text: String) -> Self { .pong(Array(text.utf8)) }
}
