import Testing

@testable import WebSocketConformance

/// The short form of what `make websocket-conformance` plays in full.
@Suite(.timeLimit(.minutes(5)))
struct ConformanceTests {
    private static let sections = Array(Set(Catalogue.cases.map(\.section))).sorted()

    @Test("The catalogue has its cases: 301 about RFC 6455 and limits, 216 about compression")
    func catalogue() {
        let counts = Self.sections.map { section in Catalogue.cases.count { $0.section == section } }
        #expect(Self.sections == [1, 2, 3, 4, 5, 6, 7, 9, 10, 12, 13])
        #expect(counts == [16, 11, 7, 10, 20, 145, 37, 54, 1, 90, 126])
        #expect(Set(Catalogue.cases.map(\.number)).count == Catalogue.cases.count)
    }

    @Test("Our server conforms strictly to RFC 6455 and RFC 7692", arguments: sections)
    func server(_ section: Int) async throws {
        let server = try ServerSubject()
        await expectConformance(section, server)
        await server.stop()
    }

    @Test("Our client conforms strictly to RFC 6455 and RFC 7692", arguments: sections)
    func client(_ section: Int) async {
        await expectConformance(section, ClientSubject())
    }

    private func expectConformance(_ section: Int, _ subject: some Subject) async {
        for item in Catalogue.shortCases where item.section == section {
            let verdict = await blocking { item.verdict(on: subject) }
            if case .informational = verdict { continue }
            #expect(verdict == .ok, "\(item.number): \(item.title)")
        }
    }
}
