import Foundation

/// What a round said of a server; not a number is what it did not measure.
struct Sample {
    /// Milliseconds from an event to its message.
    var latency50 = Double.nan
    var latency99 = Double.nan
    /// Processor time in microseconds a message.
    var processor = Double.nan
    /// Resident memory in MB without and with subscribers.
    let idle: Double
    let connected: Double
}

/// Servers beside each other, each with the medians of its rounds; the first is held against the others.
struct Table {
    private var rows: [(name: String, samples: [Sample])] = []

    mutating func add(_ sample: Sample, for name: String) {
        if let index = rows.firstIndex(where: { $0.name == name }) {
            rows[index].samples.append(sample)
        } else {
            rows.append((name, [sample]))
        }
    }

    func show() {
        guard let first = rows.first else { return }
        let own = Self.medians(first.samples)
        print(Self.line("", Self.columns.map(\.key)) + "   \(first.name) takes this times as much")
        for row in rows {
            let medians = Self.medians(row.samples)
            print(Self.line(row.name, (medians + zip(own, medians).map(/)).map(Self.text)))
        }
    }

    private static var columns: KeyValuePairs<String, KeyPath<Sample, Double>> {
        [
            "p50 ms": \.latency50, "p99 ms": \.latency99, "CPU µs": \.processor, "idle MB": \.idle,
            "with MB": \.connected,
        ]
    }

    private static func medians(_ samples: [Sample]) -> [Double] {
        columns.map { column in samples.map { $0[keyPath: column.value] }.sorted().percentile(0.5) }
    }

    private static func text(_ value: Double) -> String {
        value.isNaN ? "-" : String(format: "%.2f", value)
    }

    private static func line(_ name: String, _ cells: [String]) -> String {
        let padded = cells.map { String(repeating: " ", count: max(0, 8 - $0.count)) + $0 }
        return ([name + String(repeating: " ", count: max(0, 14 - name.count))] + padded).joined(separator: " ")
    }
}
