/// What a seat is called on the API: one to 64 letters and digits of ASCII, dots, hyphens and underscores.
package struct SeatName: Hashable, Sendable {
    /// The seat of requests that name none.
    package static let `default` = SeatName(checked: "default")

    package let text: String

    package init?(_ text: some StringProtocol) {
        guard 1...64 ~= text.utf8.count, text.utf8.allSatisfy(Self.isAllowed) else { return nil }
        self.init(checked: String(text))
    }

    private init(checked text: String) {
        self.text = text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
