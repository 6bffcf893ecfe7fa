import Foundation
import Logging
import Testing

@testable import Daemon

@Suite("The telephone's instance id (RFC 5626 §4.1)")
struct InstanceIDTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func inFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/instance-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func id(_ folder: String) -> String { InstanceID(stateDirectory: folder, logger: logger).urn }

    @Test("is a random UUID that survives restarts")
    func kept() throws {
        try inFolder { folder in
            let first = id(folder)
            let form = /urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/
            #expect(first.wholeMatch(of: form) != nil)
            #expect(id(folder) == first)
        }
    }

    @Test("is made anew in place of something else", arguments: ["", "x", "00000000-0000-1000-8000-00A0C91E6BF6"])
    func unusable(_ content: String) throws {
        try inFolder { folder in
            try StateFile(path: folder + "/instance").replace(with: Array(content.utf8))
            let made = id(folder)
            #expect(!made.hasSuffix(content) || content.isEmpty)
            #expect(id(folder) == made)
        }
    }

    @Test("is good for one run where it cannot be kept")
    func homeless() {
        let folder = "/nonexistent/folder"
        #expect(id(folder) != id(folder))
    }
}
