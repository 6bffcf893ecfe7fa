import Foundation
import HTTPTypes
import Testing

@testable import ControlAPI

@Suite("openapi.yaml and the routes")
struct ContractTests {
    @Test("Every operation is in openapi.yaml with its method and name, and nothing else is")
    func sameOperations() throws {
        let contract = try operations(in: String(contentsOf: Self.file, encoding: .utf8))
        let routes = ControlAPI.Operation.allCases.map { operation in
            "\(operation.method.rawValue.lowercased()) \(operation.path) \(operation.rawValue)"
        }
        #expect(contract.sorted() == routes.sorted())
    }

    private static var file: URL {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "openapi.yaml")
    }

    /// `method path operationId` of each operation: paths are indented by two, methods by four.
    private func operations(in yaml: String) -> [String] {
        var path = ""
        var method = ""
        var found: [String] = []
        for line in yaml.split(separator: "\n") {
            if let match = line.wholeMatch(of: #/\ \ (/\S+):/#) { path = String(match.1) }
            if let match = line.wholeMatch(of: #/\ {4}(get|post|put|delete|patch):/#) { method = String(match.1) }
            if let match = line.wholeMatch(of: #/\ {6}operationId: (\w+)/#) {
                found.append("\(method) \(path) \(match.1)")
            }
        }
        return found
    }
}
