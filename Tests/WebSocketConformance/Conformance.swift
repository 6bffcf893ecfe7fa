import Dispatch
import Foundation

/// Plays the catalogue to both ends and prints the table of verdicts; arguments are numbers or their beginnings.
@main
struct Conformance {
    static func main() async throws {
        let wanted = CommandLine.arguments.dropFirst()
        let cases = Catalogue.cases.filter { item in
            wanted.isEmpty || wanted.contains { item.number == $0 || item.number.hasPrefix($0 + ".") }
        }
        let server = try ServerSubject()
        let isConforming = await table(of: cases, server)
        await server.stop()
        if !isConforming { throw Failed() }
    }

    private struct Failed: Error {}

    private static func table(of cases: [Case], _ server: ServerSubject) async -> Bool {
        print(row("case", "server", "client", "what is sent"))
        var verdicts: [Case.Verdict] = []
        for item in cases {
            async let ofServer = blocking { item.verdict(on: server) }
            async let ofClient = blocking { item.verdict(on: ClientSubject()) }
            let pair = [("server", await ofServer), ("client", await ofClient)]
            print(row(item.number, pair[0].1.name, pair[1].1.name, item.title))
            for (who, verdict) in pair {
                if let remark = verdict.remark { print("         \(who): \(remark)") }
            }
            verdicts += pair.map(\.1)
        }
        let names = ["OK", "NON-STRICT", "INFORMATIONAL", "FAILED"]
        let counts = names.map { name in "\(verdicts.count { $0.name == name }) \(name)" }
        print("\(cases.count) cases, both roles: \(counts.joined(separator: ", "))")
        return !verdicts.contains { $0.name == "FAILED" }
    }

    /// Row by row, also into a pipe.
    private static func print(_ line: String) {
        FileHandle.standardOutput.write(Data((line + "\n").utf8))
    }

    private static func row(_ columns: String...) -> String {
        zip(columns, [9, 15, 15, 0]).map { $0.padding(to: $1) }.joined()
    }
}

extension Case.Verdict {
    var name: String {
        switch self {
        case .ok: "OK"
        case .nonStrict: "NON-STRICT"
        case .informational: "INFORMATIONAL"
        case .failed: "FAILED"
        }
    }

    fileprivate var remark: String? {
        switch self {
        case .ok: nil
        case .nonStrict(let remark), .informational(let remark), .failed(let remark): remark
        }
    }
}

extension String {
    fileprivate func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}

/// Runs what blocks on a thread that may be blocked.
func blocking<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(returning: work()) }
    }
}
