extension Catalogue {
    private static let kilobyte = 1024
    private static let megabyte = 1024 * 1024

    /// Section 9: size and number.
    static let limits: [Case] =
        sizes("9.1", .textPattern) + sizes("9.2", .binaryPattern) + fragments("9.3", .textPattern)
        + fragments("9.4", .binaryPattern) + chops("9.5", .textPattern) + chops("9.6", .binaryPattern)
        + counts("9.7", .textPattern) + counts("9.8", .binaryPattern)

    /// Section 10.
    static let miscellaneous: [Case] = {
        let payload = [UInt8](repeating: UInt8(ascii: "*"), count: 65536)
        return [
            frames(
                "10.1.1", "text of 64 kB in fragments of 1300",
                Frame.fragments(of: payload, opcode: Frame.Opcode.text, size: 1300),
                expected: [.message(isText: true, payload)])
        ]
    }()

    private static func name(_ data: TestData) -> String { data.isText ? "text" : "binary" }

    private static func sizes(_ section: String, _ data: TestData) -> [Case] {
        [64 * kilobyte, 256 * kilobyte, megabyte, 4 * megabyte, 8 * megabyte, 16 * megabyte].enumerated().map {
            Case(
                "\(section).\($0 + 1)", "\(name(data)) of \($1 / kilobyte) kB", isHeavy: $1 > megabyte,
                Case.RoundTrips(data: data, size: $1, count: 1))
        }
    }

    private static func fragments(_ section: String, _ data: TestData) -> [Case] {
        (0..<9).map { index in
            let size = 64 << (2 * index)
            return Case(
                "\(section).\(index + 1)", "\(name(data)) of 4 MB in fragments of \(size)", isHeavy: index != 3,
                Case.RoundTrips(data: data, size: 4 * megabyte, count: 1, fragmentSize: size))
        }
    }

    private static func chops(_ section: String, _ data: TestData) -> [Case] {
        (0..<6).map { index in
            let size = 64 << index
            let message = data.message(0, size: megabyte)
            return Case(
                "\(section).\(index + 1)", "\(name(data)) of 1 MB in chops of \(size)", isHeavy: index < 5,
                Case.Script(
                    steps: [
                        .send(
                            [Frame(data.isText ? Frame.Opcode.text : Frame.Opcode.binary, message)], .bytes(size))
                    ], expected: [.message(isText: data.isText, message)]))
        }
    }

    private static func counts(_ section: String, _ data: TestData) -> [Case] {
        [0, 16, 64, 256, 1024, 4096].enumerated().map { index, size in
            Case(
                "\(section).\(index + 1)", "1000 times \(name(data)) of \(size) bytes",
                Case.RoundTrips(data: data, size: size, count: 1000))
        }
    }
}
