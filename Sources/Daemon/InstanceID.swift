import Crypto
import Logging
import Wire

/// What registrars know this telephone by, the same over restarts: a UUID in the state directory (RFC 5626 §4.1).
struct InstanceID {
    /// `urn:uuid:…`
    let urn: String

    /// Made when there is none or it is unusable; one that cannot be kept is good for this run.
    init(stateDirectory: String, logger: Logger) {
        let file = StateFile(path: stateDirectory + "/instance")
        do throws(StateFile.Failure) {
            if let kept = try file.read().flatMap({ Self.uuid(in: $0) }) {
                urn = "urn:uuid:" + kept
                return
            }
        } catch {
            logger.warning("the instance id cannot be read", metadata: ["reason": "\(error.reason)"])
        }
        let uuid = Self.makeUUID()
        urn = "urn:uuid:" + uuid
        do throws(StateFile.Failure) {
            try file.replace(with: Array((uuid + "\n").utf8))
        } catch {
            logger.warning("the instance id cannot be kept", metadata: ["reason": "\(error.reason)"])
        }
    }

    /// A UUID in its usual form, lower case (RFC 9562 §4).
    private static func uuid(in bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline }
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12],
            groups.allSatisfy({ $0.utf8.allSatisfy("0123456789abcdef".utf8.contains) })
        else { return nil }
        return text
    }

    /// A random UUID (RFC 9562 §5.4).
    private static func makeUUID() -> String {
        var randomness = Randomness.system
        var bytes = randomness.bytes(16)
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array(bytes.hex)
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }
}
