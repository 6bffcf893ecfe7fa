import Audio
import CAllocations
import COpus
import Crypto
import Engine
import Foundation
import Media
import Wire

/// The work nobody can save: a codec and libsrtp both ways, without and with a timer and a socket.
struct Floor {
    private let ends: [FloorEnd]
    private let sockets: [LoopbackSocket]

    init(_ codec: MediaCodec, ends count: Int) throws {
        ends = try (0..<count).map { _ in try FloorEnd(codec) }
        sockets = ends.map { _ in LoopbackSocket() }
        for end in ends { try end.pass() }
    }

    /// The libraries alone, one frame of one end after the other without a pause: all they need stays in the caches, and the
    /// processor's clock is at its highest.
    func alone(frames: Int) throws -> (cpuPerSecond: Double, allocationsPerFrame: Double) {
        let allocations = phonebard_allocation_count()
        let start = processorTime()
        for _ in 0..<frames { try ends[0].pass() }
        let cpu = (processorTime() - start) / Double(frames) * 50
        return (cpu, Double(phonebard_allocation_count() - allocations) / Double(frames))
    }

    /// The libraries alone, at the pace of the calls: a thread for each processor passes a frame of each of its ends, and waits until
    /// the next are due.
    func atPace(seconds: Int) -> Double {
        perEnd(seconds: seconds, threads: min(ends.count, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))) { end, _ in
            try end.pass()
        }
    }

    /// A thread for each end that wakes up every 20 ms, and sends its packet to itself.
    func withSockets(seconds: Int) -> Double {
        perEnd(seconds: seconds, threads: ends.count) { end, socket in
            try end.pass { socket.exchange($0, $1) }
        }
    }

    private func perEnd(
        seconds: Int, threads: Int, _ pass: @escaping @Sendable (FloorEnd, LoopbackSocket) throws -> Void
    ) -> Double {
        let start = processorTime()
        let group = DispatchGroup()
        for number in 0..<threads {
            let own = stride(from: number, to: ends.count, by: threads).map { (ends[$0], sockets[$0]) }
            group.enter()
            Thread.detachNewThread {
                try? everyFrame(for: seconds) {
                    for (end, socket) in own { try pass(end, socket) }
                }
                group.leave()
            }
        }
        group.wait()
        return (processorTime() - start) / Double(ends.count * seconds)
    }
}

private func everyFrame(for seconds: Int, _ body: () throws -> Void) rethrows {
    var next = timespec()
    clock_gettime(CLOCK_MONOTONIC, &next)
    for _ in 0..<seconds * 50 {
        next.advance(nanoseconds: 20_000_000)
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nil)
        try body()
    }
}

/// A microphone, an encoder, the protection two of our ends agree on, and all of it taken back; used by one thread at a time.
private final class FloorEnd: @unchecked Sendable {
    private let tone = PreparedTone()
    private var sending: SRTPSession
    private var receiving: SRTPSession
    private var codec: FloorCodec
    private var sender: RTPSender
    private var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
    private var decoded = [Int16](repeating: 0, count: AudioDecoder.maximumSamples)
    private var payload = [UInt8](repeating: 0, count: AudioEncoder.maximumPayloadLength)
    private var packet = [UInt8](repeating: 0, count: 2_048)

    init(_ codec: MediaCodec) throws {
        let profile = SRTPProfile.aeadAES128GCM
        let key = [UInt8](repeating: 7, count: profile.keyLength + profile.saltLength)
        let keys = SRTPKeys(profile: profile, sending: key, receiving: key)
        sending = try SRTPSession(.sending, keys: keys)
        receiving = try SRTPSession(.receiving, keys: keys)
        self.codec = FloorCodec(codec)
        var randomness = Randomness.seeded(1)
        sender = RTPSender(clockRate: 48_000, randomness: &randomness)
    }

    /// Passes a frame.
    /// - Parameter passOn: gets a packet and the count of its bytes, and gives the count of those that came back in their place.
    func pass(_ passOn: (UnsafeMutableRawBufferPointer, Int) -> Int = { $1 }) throws {
        var packet = exchange(&packet, with: [])
        defer { self.packet = packet }
        var samples = frame.mutableSpan
        tone.read(into: &samples)
        var octets = payload.mutableSpan
        let length = codec.encode(frame.span, into: &octets)
        var bytes = packet.mutableSpan
        bytes.replace(from: RTPHeader.length, with: payload.span.extracting(first: length))
        let plain = sender.writeHeader(
            payloadType: 111, payloadLength: length, samples: 960, at: Instant(nanoseconds: 0), into: &bytes)
        let protected = try sending.protectRTP(&bytes, count: plain)
        let received = bytes.withUnsafeMutableBytes { passOn($0, protected) }
        let end = try receiving.unprotectRTP(&bytes, count: received)
        var sound = decoded.mutableSpan
        codec.decode(packet.span.extracting(RTPHeader.length..<end), into: &sound)
    }
}

/// libopus as whoever uses it would call it; the other codecs are our own.
private enum FloorCodec: ~Copyable {
    case opus(encoder: OpaquePointer, decoder: OpaquePointer)
    case own(AudioEncoder, AudioDecoder)

    init(_ codec: MediaCodec) {
        switch codec {
        case .opus:
            let rate = Int32(AudioFormat.sampleRate)
            guard let encoder = opus_encoder_create(rate, 1, OPUS_APPLICATION_VOIP, nil),
                let decoder = opus_decoder_create(rate, 1, nil)
            else { preconditionFailure("libopus has no memory") }
            let settings = OpusSettings()
            phonebard_opus_set_voice(encoder)
            phonebard_opus_set_wideband(encoder)
            phonebard_opus_set_complexity(encoder, settings.complexity)
            phonebard_opus_set_bitrate(encoder, settings.bitrate)
            self = .opus(encoder: encoder, decoder: decoder)
        case .g722: self = .own(AudioEncoder(.g722), AudioDecoder(.g722))
        case .pcma: self = .own(AudioEncoder(.g711(.aLaw)), AudioDecoder(.g711(.aLaw)))
        case .pcmu: self = .own(AudioEncoder(.g711(.muLaw)), AudioDecoder(.g711(.muLaw)))
        }
    }

    mutating func encode(_ frame: Span<Int16>, into payload: inout MutableSpan<UInt8>) -> Int {
        switch consume self {
        case .opus(let encoder, let decoder):
            self = .opus(encoder: encoder, decoder: decoder)
            return frame.withUnsafeBufferPointer { frame in
                payload.withUnsafeMutableBufferPointer {
                    guard let samples = frame.baseAddress, let octets = $0.baseAddress else { return 0 }
                    return Int(opus_encode(encoder, samples, Int32(frame.count), octets, Int32($0.count)))
                }
            }
        case .own(var encoder, let decoder):
            let length = encoder.encode(frame, into: &payload)
            self = .own(encoder, decoder)
            return length
        }
    }

    mutating func decode(_ payload: Span<UInt8>, into samples: inout MutableSpan<Int16>) {
        switch consume self {
        case .opus(let encoder, let decoder):
            self = .opus(encoder: encoder, decoder: decoder)
            payload.withUnsafeBufferPointer { payload in
                samples.withUnsafeMutableBufferPointer {
                    guard let start = $0.baseAddress else { return }
                    _ = opus_decode(decoder, payload.baseAddress, Int32(payload.count), start, Int32($0.count), 0)
                }
            }
        case .own(let encoder, var decoder):
            _ = decoder.decode(payload, into: &samples)
            self = .own(encoder, decoder)
        }
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
