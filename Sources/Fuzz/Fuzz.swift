import CLibFuzzer
import Foundation

/// Hands bytes libFuzzer makes up to one parser or machine: `fuzz --target=NAME [libFuzzer's arguments]`.
///
/// `fuzz --targets` lists the names; `fuzz --target=NAME --seeds=FOLDER` writes what mutation begins with, and the
/// target's words to `FOLDER.dict`.
@main
enum Fuzz {
    static func main() throws {
        if CommandLine.arguments.contains("--targets") {
            print(Target.all.map(\.name).joined(separator: "\n"))
        } else if let folder = option("seeds") {
            try target.writeSeeds(to: folder)
        } else {
            var count = CommandLine.argc
            var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
            exit(
                LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
                    Fuzz.target.check([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
                    return 0
                })
        }
    }

    private static let target: Target = {
        guard let target = Target.all.first(where: { $0.name == option("target") }) else {
            fatalError("--target is to be one of --targets")
        }
        return target
    }()

    private static func option(_ name: String) -> String? {
        let prefix = "--\(name)="
        return CommandLine.arguments.first { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    }
}

/// Something that reads what comes off the wire, and what must hold for whatever it reads.
struct Target: Sendable {
    let name: String
    /// Words of the language, which mutation puts in.
    var words: [String] = []
    /// Valid input to begin with.
    let seeds: @Sendable () -> [[UInt8]]
    let check: @Sendable ([UInt8]) -> Void

    static let all: [Target] = sip + description + connectivity + media + http + control

    func writeSeeds(to folder: String) throws {
        for (number, seed) in seeds().enumerated() {
            try Data(seed).write(to: URL(filePath: "\(folder)/seed-\(number)"))
        }
        let lines = words.map { word in
            "\"" + word.utf8.map { String(format: "\\x%02X", $0) }.joined() + "\"\n"
        }
        try Data(lines.joined().utf8).write(to: URL(filePath: "\(folder).dict"))
    }
}

/// Ends the program, which libFuzzer takes for a finding, unless a property holds.
func expect(_ holds: Bool, _ property: StaticString) {
    if !holds { fatalError("\(property)") }
}

/// Ends the program unless what was written is read as the same again.
func expectStable<Value: Equatable>(_ value: Value, _ written: some Any, read: () throws -> Value) {
    do {
        let again = try read()
        if again != value { fatalError("written \(written)\nread \(value)\nread again \(again)") }
    } catch {
        fatalError("written \(written)\nread \(value)\nthen refused: \(error)")
    }
}

/// The input taken apart, front to back.
struct Fodder {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    var isEmpty: Bool { rest.isEmpty }

    /// The next byte; 0 when there is none.
    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func take(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// A length of one byte and as many bytes.
    mutating func piece() -> [UInt8] { take(Int(byte())) }

    mutating func all() -> [UInt8] { take(rest.count) }

    /// Several texts in one input.
    static func records(of bytes: [UInt8]) -> [[UInt8]] {
        bytes.split(separator: separator, omittingEmptySubsequences: false).map(Array.init)
    }

    static func joined(_ records: [[UInt8]]) -> [UInt8] {
        Array(records.joined(separator: [separator]))
    }

    /// RS of ASCII, which none of our texts holds.
    private static let separator: UInt8 = 0x1E
}
