import Daemon
import Testing
import Wire

@Suite("A damaged configuration file is refused, never a crash")
struct ConfigurationDamageTests {
    private static let whole = """
        control: {listen: [127.0.0.1:1, "[::1]:2"], allowedOrigins: [https://crm.example]}
        limits: &limits
          body: 2MiB
          idleTimeout: 2min
        platform:
          hosts: {025: ops.example, "": "other.example:1047"}
          directory: {key: "hu\\tsh", provinces: *limits}
        log:
          level: debug
        """

    @Test("Bytes exchanged, left out and repeated", arguments: 0..<8)
    func damage(seed: Int) {
        var randomness = Randomness.seeded(UInt64(seed))
        for _ in 0..<250 {
            var bytes = Array(Self.whole.utf8)
            for _ in 0...Int.random(in: 0...4, using: &randomness) {
                let index = Int.random(in: 0..<bytes.count, using: &randomness)
                switch Int.random(in: 0...2, using: &randomness) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &randomness)
                case 1: bytes.remove(at: index)
                default: bytes.insert(contentsOf: bytes[index...].prefix(9), at: index)
                }
            }
            let layer = Layer(yaml: String(decoding: bytes, as: UTF8.self), path: "damaged.yaml")
            #expect(layer.faults.allSatisfy { $0.description.hasPrefix("damaged.yaml:") })
        }
    }

    @Test("Deep nesting and aliases of aliases end in faults")
    func bombs() {
        let deep = Layer(yaml: String(repeating: "[", count: 100_000), path: "deep.yaml")
        #expect(deep.faults.count == 1)
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...20 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            bomb += "a\(level): &a\(level) [\(aliases)]\n"
        }
        #expect(Layer(yaml: bomb, path: "bomb.yaml").faults.count == 21)
    }
}
