import ArgumentParser
import Foundation

/// Measures the event stream; build it with `-c release`.
@main
struct EventBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures the event stream.", subcommands: [Keep.self, FanOut.self, Serve.self])
}

/// What a process has used, from `/proc`.
struct ProcessUse {
    let pid: Int32

    /// Processor time in seconds, in the kernel's ticks of 10 ms.
    var processorSeconds: Double {
        let fields = text("stat").split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / 100
    }

    /// Resident memory in MB.
    var residentMegabytes: Double {
        let line = text("status").split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0) / 1024
    }

    private func text(_ name: String) -> String {
        (try? String(contentsOfFile: "/proc/\(pid)/\(name)", encoding: .utf8)) ?? ""
    }
}

extension [Double] {
    /// Of sorted values.
    func percentile(_ share: Double) -> Double {
        isEmpty ? .nan : self[Swift.min(count - 1, Int(Double(count) * share))]
    }
}

func show(_ name: String, _ values: KeyValuePairs<String, Double>) {
    let columns = values.map { "\($0.key) \(String(format: "%.2f", $0.value))" }
    print("\(name): \(columns.joined(separator: ", "))")
}
