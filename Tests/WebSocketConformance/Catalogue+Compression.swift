extension Catalogue {
    private struct Load {
        var size: Int
        var fragmentSize = 0

        var isHeavy: Bool { size > 16384 }
    }

    private static let loads =
        [16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072].map { Load(size: $0) }
        + [8192, 16384, 32768, 65536, 131072].map { Load(size: $0, fragmentSize: 256) }
        + [1024, 4096, 32768].map { Load(size: 131072, fragmentSize: $0) }

    /// Section 12: the default offer, and data of all kinds.
    static let compression: [Case] = [TestData.json, .bitmap, .prose, .html, .document].enumerated().flatMap {
        index, data in
        series("12.\(index + 1)", "\(data)", data, [Negotiation()])
    }

    /// Section 13: what can be negotiated.
    static let negotiation: [Case] = {
        let variants: [[Negotiation]] = [
            [Negotiation()],
            [Negotiation(noContextTakeover: true)],
            [Negotiation(maxWindowBits: 9)],
            [Negotiation(maxWindowBits: 15)],
            [Negotiation(noContextTakeover: true, maxWindowBits: 9)],
            [Negotiation(noContextTakeover: true, maxWindowBits: 15)],
            [
                Negotiation(noContextTakeover: true, maxWindowBits: 9), Negotiation(noContextTakeover: true),
                Negotiation(),
            ],
        ]
        return variants.enumerated().flatMap { index, variant in
            let title = variant.map { item in
                (item.noContextTakeover ? "no context" : "context")
                    + (item.maxWindowBits == 0 ? "" : ", \(item.maxWindowBits) bits")
            }.joined(separator: " or ")
            return series("13.\(index + 1)", title, .json, variant)
        }
    }()

    private static func series(
        _ section: String, _ title: String, _ data: TestData, _ negotiation: [Negotiation]
    ) -> [Case] {
        loads.enumerated().map { index, load in
            Case(
                "\(section).\(index + 1)",
                "\(title): 1000 of \(load.size)\(load.fragmentSize == 0 ? "" : " in fragments of \(load.fragmentSize)")",
                isHeavy: load.isHeavy,
                Case.RoundTrips(
                    data: data, size: load.size, count: 1000, fragmentSize: load.fragmentSize,
                    negotiation: negotiation))
        }
    }
}
