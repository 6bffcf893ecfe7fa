import Foundation
import Testing

@testable import ControlAPI

@Suite("CONFORMANCE.md")
struct ConformanceTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The cells of each row of the tables, their heads left out.
    private var rows: [[String]] {
        get throws {
            let text = try String(contentsOf: Self.root.appending(path: "CONFORMANCE.md"), encoding: .utf8)
            return text.split(separator: "\n").filter { $0.hasPrefix("| ") && $0 != "| the SDK | here | tests |" }.map {
                $0.dropFirst(2).dropLast(2).components(separatedBy: " | ")
            }
        }
    }

    @Test("Every row says what of the SDK is where, and which tests hold it")
    func whole() throws {
        let rows = try rows
        #expect(rows.count > 80)
        for row in rows {
            #expect(row.count == 3 && row.allSatisfy { !$0.trimmingCharacters(in: .whitespaces).isEmpty }, "\(row)")
        }
    }

    @Test("Every test named is there")
    func tests() throws {
        let known = try Self.tests
        for row in try rows {
            let named = row.last?.matches(of: #/`(\w+)\.(\w+)`/#).map { "\($0.1).\($0.2)" } ?? []
            #expect(!named.isEmpty, "\(row)")
            #expect(named.filter { !known.contains($0) } == [], "\(row[0])")
        }
    }

    @Test("Every operation of a seat is in a row, as far as the SDK has it")
    func operations() throws {
        let places = try rows.map { $0[1] }.joined(separator: " ")
        let own: Set<ControlAPI.Operation> = [
            .mute, .unmute, .startRecording, .stopRecording, .callQuality, .calls, .callState, .setSeatMode,
            .setAfterCallStatus, .cancelAfterCallStatus,
            .state, .events, .sipTrace,
        ]
        let missing = ControlAPI.Operation.allCases.filter {
            $0.isOfSeat && !own.contains($0) && !places.contains("\($0.path)")
        }
        #expect(missing.map(\.path) == [])
    }

    @Test("Every code of the SDK is in a row")
    func codes() throws {
        let text = try rows.flatMap(\.self).joined(separator: " ")
        let own: Set<SDKCode> = [.seatModeFailed, .afterCallFailed, .afterCallCancelFailed]
        #expect(SDKCode.allCases.filter { !own.contains($0) && !text.contains("\($0.rawValue)") } == [])
    }

    /// `suite.function` of every test there is.
    private static var tests: Set<String> {
        get throws {
            let folder = root.appending(path: "Tests")
            let files =
                FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?
                .compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" } ?? []
            var tests: Set<String> = []
            for file in files {
                var suite = ""
                for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                    if let match = line.prefixMatch(of: #/(?:private )?(?:final )?(?:struct|class|actor) (\w+)/#) {
                        suite = String(match.1)
                    } else if let match = line.prefixMatch(of: #/\ {4}func (\w+)/#) {
                        tests.insert("\(suite).\(match.1)")
                    }
                }
            }
            return tests
        }
    }
}
