import Audio
import CAllocations
import Crypto
import Engine
import Foundation
import Media
import Wire

/// The work nobody can save: a codec and libsrtp both ways, without and with a timer and a socket.
struct Floor: Sendable {
    let codec: MediaCodec

    private var audio: AudioCodec {
        switch codec {
        case .opus: .opus(OpusSettings())
        case .g722: .g722
        case .pcma: .g711(.aLaw)
        case .pcmu: .g711(.muLaw)
        }
    }

    /// The libraries alone, one frame after the other without a pause.
    func alone(frames: Int) throws -> (cpuPerSecond: Double, allocationsPerFrame: Double) {
        try passFrames(1, through: audio)
        let first = phonebard_allocation_count()
        try passFrames(frames, through: audio)
        let second = phonebard_allocation_count()
        let start = processorTime()
        try passFrames(2 * frames, through: audio)
        let cpu = (processorTime() - start) / Double(2 * frames) * 50
        // Twice as many frames, but as much to set up.
        let allocations = Double(phonebard_allocation_count() - second) - Double(second - first)
        return (cpu, allocations / Double(frames))
    }

    /// A thread for each end that wakes up every 20 ms, and sends its packet to itself.
    func withSockets(threads: Int, seconds: Int) -> Double {
        let start = processorTime()
        let group = DispatchGroup()
        for _ in 0..<threads {
            group.enter()
            Thread.detachNewThread { [audio] in
                let socket = LoopbackSocket()
                var next = timespec()
                clock_gettime(CLOCK_MONOTONIC, &next)
                try? passFrames(seconds * 50, through: audio) {
                    next.advance(nanoseconds: 20_000_000)
                    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nil)
                } exchange: { bytes, count in
                    socket.exchange(bytes, count)
                }
                group.leave()
            }
        }
        group.wait()
        return (processorTime() - start) / Double(threads * seconds)
    }
}

/// A microphone, an encoder, the protection two of our ends agree on, and all of it taken back, for so many frames.
///
/// `exchange` gets a packet and the count of its bytes, and gives the count of those that came back in their place.
private func passFrames(
    _ count: Int, through codec: AudioCodec, before: () -> Void = {},
    exchange: (UnsafeMutableRawBufferPointer, Int) -> Int = { $1 }
) throws {
    let tone = PreparedTone()
    let profile = SRTPProfile.aeadAES128GCM
    let key = [UInt8](repeating: 7, count: profile.keyLength + profile.saltLength)
    let keys = SRTPKeys(profile: profile, sending: key, receiving: key)
    var sending = try SRTPSession(.sending, keys: keys)
    var receiving = try SRTPSession(.receiving, keys: keys)
    var encoder = AudioEncoder(codec)
    var decoder = AudioDecoder(codec)
    var randomness = Randomness.seeded(1)
    var sender = RTPSender(clockRate: 48_000, randomness: &randomness)
    var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
    var decoded = [Int16](repeating: 0, count: AudioDecoder.maximumSamples)
    var payload = [UInt8](repeating: 0, count: AudioEncoder.maximumPayloadLength)
    var packet = [UInt8](repeating: 0, count: 2_048)
    for _ in 0..<count {
        before()
        var samples = frame.mutableSpan
        tone.read(into: &samples)
        var octets = payload.mutableSpan
        let length = encoder.encode(frame.span, into: &octets)
        var bytes = packet.mutableSpan
        for index in 0..<length { bytes[RTPHeader.length + index] = payload[index] }
        let plain = sender.writeHeader(
            payloadType: 111, payloadLength: length, samples: 960, at: Instant(nanoseconds: 0), into: &bytes)
        let protected = try sending.protectRTP(&bytes, count: plain)
        let received = bytes.withUnsafeMutableBytes { exchange($0, protected) }
        let end = try receiving.unprotectRTP(&bytes, count: received)
        var sound = decoded.mutableSpan
        _ = decoder.decode(packet.span.extracting(RTPHeader.length..<end), into: &sound)
    }
}

/// A UDP socket that is its own peer.
private final class LoopbackSocket: Sendable {
    private let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)

    init() {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutableBytes(of: &address) { bytes in
            guard let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return }
            _ = bind(descriptor, pointer, length)
            _ = getsockname(descriptor, pointer, &length)
            _ = connect(descriptor, pointer, length)
        }
    }

    deinit { close(descriptor) }

    func exchange(_ bytes: UnsafeMutableRawBufferPointer, _ count: Int) -> Int {
        _ = send(descriptor, bytes.baseAddress, count, 0)
        return max(0, recv(descriptor, bytes.baseAddress, bytes.count, 0))
    }
}

extension timespec {
    fileprivate mutating func advance(nanoseconds: Int) {
        tv_nsec += nanoseconds
        if tv_nsec >= 1_000_000_000 {
            tv_nsec -= 1_000_000_000
            tv_sec += 1
        }
    }
}
