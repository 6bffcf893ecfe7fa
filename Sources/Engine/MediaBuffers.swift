import Audio

/// Room for the frame and the datagram at hand. Calls of one queue share it, one after the other: room of their own would have
/// left the processor's caches by the time it is their turn again.
package final class MediaBuffers {
    /// More than any path's MTU that carries a call.
    static let maximumDatagramLength = 2048

    /// What is said, which is silence while muted.
    var said = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
    var payload = [UInt8](repeating: 0, count: AudioEncoder.maximumPayloadLength)
    var heard = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
    /// A datagram while it is decrypted in place.
    var datagram: [UInt8] = []

    package init() {}
}
