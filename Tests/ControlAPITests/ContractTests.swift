import Foundation
import HTTPTypes
import Testing

@testable import ControlAPI

@Suite("openapi.yaml and the routes")
struct ContractTests {
    private let yaml: String

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        yaml = try String(contentsOf: root.appending(path: "openapi.yaml"), encoding: .utf8)
    }

    @Test("Every operation is in openapi.yaml with its method, its name and its scope, and nothing else is")
    func sameOperations() {
        let contract = operations.filter { !$0.path.hasPrefix("/v1/seats/") }.map {
            "\($0.method) \($0.path) \($0.id) \($0.security)"
        }
        let routes = ControlAPI.Operation.allCases.map { operation in
            let security = operation.scope.map { "[{ token: [\($0.rawValue)] }]" } ?? "[]"
            return "\(operation.method.rawValue.lowercased()) \(operation.path) \(operation.rawValue) \(security)"
        }
        #expect(contract.sorted() == routes.sorted())
    }

    @Test("What there is of one seat is what the routes have: the same operations, but for those of the whole daemon")
    func seatOperations() {
        func described(_ id: String) -> [String] {
            let names = yaml.firstRange(of: "operationId: \(id)\n").map { yaml[$0.upperBound...] } ?? ""
            return names.firstMatch(of: #/enum:\s+(?:\[(.+)\]|((?:- \w+\s+)+))/#).map { match in
                (match.1 ?? match.2 ?? "").split { !$0.isLetter && !$0.isNumber }.map(String.init)
            } ?? []
        }
        let ofSeat = ControlAPI.Operation.allCases.filter {
            $0.isOfSeat && !$0.path.contains("/diagnostics/") && !$0.path.contains("{")
        }
        let asked = operations.compactMap {
            $0.path.wholeMatch(of: #/\/v1\/seats\/{seat}\/(\w+)/#).map { String($0.1) }
        }
        #expect(asked == ofSeat.filter { $0.method == .get }.map(\.rawValue).sorted())
        #expect(described("commandSeat") == ofSeat.filter { $0.method == .post }.map(\.rawValue).sorted())
    }

    @Test("Every operation says how it turns away, and those with a scope that they do so without a token")
    func refusals() {
        for operation in operations {
            let common = ["400", "403", "415"]
            let expected = operation.security == "[]" ? common : common + ["401", "429"]
            #expect(expected.filter { !operation.statuses.contains($0) } == [], "\(operation.id)")
            #expect(operation.statuses == operation.statuses.sorted(), "\(operation.id)")
        }
    }

    @Test("Every reference leads somewhere, and every component is referred to")
    func references() {
        let references = Set(yaml.matches(of: #/'#/components/(\w+)/(\w+)'/#).map { "\($0.1)/\($0.2)" })
        #expect(references.symmetricDifference(components).sorted() == ["securitySchemes/token"])
    }

    @Test("The events described are those there are")
    func events() {
        let described = yaml.matches(of: #/x-event: \{ event: (\w+)/#).map { String($0.1) }
        #expect(described.sorted() == Event.Name.allCases.map(\.rawValue).sorted())
        let scopes = Scope.allCases.map(\.rawValue).joined(separator: ", ")
        #expect(yaml.contains("    Scope: { enum: [\(scopes)] }\n"))
    }
}

extension ContractTests {
    private struct Described {
        let path: String
        let method: String
        var id = ""
        var security = ""
        var statuses: [String] = []
    }

    /// Read by their indentation: paths are indented by two, methods by four, what they have by six.
    private var operations: [Described] {
        var path = ""
        var found: [Described] = []
        for line in yaml.split(separator: "\n").prefix(while: { $0 != "components:" }) {
            if let match = line.wholeMatch(of: #/\ \ (/\S+):/#) { path = String(match.1) }
            if let match = line.wholeMatch(of: #/\ {4}(get|post|put|delete|patch):/#) {
                found.append(Described(path: path, method: String(match.1)))
            }
            guard let last = found.indices.last else { continue }
            if let match = line.wholeMatch(of: #/\ {6}operationId: (\w+)/#) { found[last].id = String(match.1) }
            if let match = line.wholeMatch(of: #/\ {6}security: (.+)/#) { found[last].security = String(match.1) }
            if let match = line.prefixMatch(of: #/\ {8}'(\d{3})':/#) { found[last].statuses.append(String(match.1)) }
        }
        return found
    }

    /// `kind/name` of each component: kinds are indented by two, names by four.
    private var components: Set<String> {
        var kind = ""
        var found: Set<String> = []
        for line in yaml.split(separator: "\n").drop(while: { $0 != "components:" }).dropFirst() {
            guard line.hasPrefix(" ") else { break }
            if let match = line.wholeMatch(of: #/\ \ (\w+):/#) { kind = String(match.1) }
            if let match = line.prefixMatch(of: #/\ {4}'?(\w+)'?:/#) { found.insert("\(kind)/\(match.1)") }
        }
        return found
    }
}
