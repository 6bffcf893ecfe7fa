extension Catalogue {
    private static let first = Frame.text("fragment1", isFinal: false)
    private static let last = Frame.continuation("fragment2", isFinal: true)
    private static let whole = RawPeer.Received.text("fragment1fragment2")
    private static let chops: [(RawPeer.Chop, String)] = [
        (.together, ""), (.frames, ", frame by frame"), (.bytes(1), ", byte by byte"),
    ]

    /// Section 5.
    static let fragmentation: [Case] =
        fragmentedControl + fragments(from: 3, [first, last], [whole], "text in two fragments")
        + fragments(
            from: 6, [first, .ping("ping payload"), last], [.pong("ping payload"), whole],
            "text in two fragments with a ping between")
        + nothingToContinue(from: 9, isFinal: true) + nothingToContinue(from: 12, isFinal: false) + disorder
        + [pingsBetween("5.19", .together, ""), pingsBetween("5.20", .frames, ", frame by frame")]

    private static let fragmentedControl: [Case] = [
        ("5.1", Frame.Opcode.ping, "ping"), ("5.2", Frame.Opcode.pong, "pong"),
    ].map {
        frames(
            $0.0, "\($0.2) in two fragments",
            [
                Frame($0.1, Array("fragment1".utf8), isFinal: false),
                Frame(Frame.Opcode.continuation, Array("fragment2".utf8)),
            ], ending: .failed([protocolError]))
    }

    private static func fragments(
        from number: Int, _ sent: [Frame], _ expected: [RawPeer.Received], _ title: String
    ) -> [Case] {
        chops.enumerated().map { index, chop in
            frames("5.\(number + index)", title + chop.1, sent, chop: chop.0, expected: expected)
        }
    }

    private static func nothingToContinue(from number: Int, isFinal: Bool) -> [Case] {
        chops.enumerated().map { index, chop in
            frames(
                "5.\(number + index)", "continuation with FIN = \(isFinal) of nothing, then text\(chop.1)",
                [.continuation("non-continuation payload", isFinal: isFinal), .text("Hello, world!")],
                chop: chop.0, ending: .failed([protocolError]))
        }
    }

    private static let disorder: [Case] = {
        func repeated(_ number: String, isFinal: Bool) -> Case {
            frames(
                number, "twice: continuation with FIN = \(isFinal) of nothing, then text in two fragments",
                (0..<2).flatMap { _ in [.continuation("fragment1", isFinal: isFinal), first, last] },
                ending: .failed([protocolError]))
        }
        return [
            frames(
                "5.15", "text in two fragments, continuation of nothing, text",
                [first, last, .continuation("fragment3", isFinal: false), .text("fragment4")], expected: [whole],
                tolerated: [], ending: .failed([protocolError])),
            repeated("5.16", isFinal: false),
            repeated("5.17", isFinal: true),
            frames(
                "5.18", "text in two fragments, both with the opcode of text", [first, .text("fragment2")],
                ending: .failed([protocolError])),
        ]
    }()

    private static func pingsBetween(_ number: String, _ chop: RawPeer.Chop, _ how: String) -> Case {
        func part(_ number: Int) -> Frame { .continuation("fragment\(number)", isFinal: number == 5) }
        return Case(
            number, "text in five fragments with two pings between and a wait\(how)",
            Case.Script(
                steps: [
                    .send([first, part(2), .ping("pongme 1!")], chop), .receive,
                    .send([part(3), part(4), .ping("pongme 2!"), part(5)], chop),
                ],
                expected: [
                    .pong("pongme 1!"), .pong("pongme 2!"), .text("fragment1fragment2fragment3fragment4fragment5"),
                ]))
    }
}
