import Foundation

/// A folder of a test's own, gone with it.
final class ScratchFolder: Sendable {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "/phonebard-" + UUID().uuidString
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            fatalError("no scratch folder: \(error)")
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// Whether a fact comes true within half a minute.
func eventually(_ fact: () async throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(30)
    while ContinuousClock.now < deadline {
        if try await fact() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return try await fact()
}
