import Audio
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
        case .pcma: .g711(.aLaw)
        case .pcmu: .g711(.muLaw)
        }
    }

    /// The libraries alone, one frame after the other without a pause.
    func cpuPerSecond(frames: Int) -> Double {
        var pipe = Pipe(audio)
        for _ in 0..<50 { pipe.passFrame() }
        let start = processorTime()
        for _ in 0..<frames { pipe.passFrame() }
        return (processorTime() - start) / Double(frames) * 50
    }

    /// A thread for each end that wakes up every 20 ms, and sends its packet to itself.
    func cpuPerSecond(threads: Int, seconds: Int) -> Double {
        let start = processorTime()
        let group = DispatchGroup()
        for _ in 0..<threads {
            group.enter()
            Thread.detachNewThread { [audio] in
                var pipe = Pipe(audio)
                let socket = LoopbackSocket()
                var next = timespec()
                clock_gettime(CLOCK_MONOTONIC, &next)
                for _ in 0..<seconds * 50 {
                    next.advance(nanoseconds: 20_000_000)
                    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nil)
                    pipe.passFrame(over: socket.exchange)
                }
                group.leave()
            }
        }
        group.wait()
        return (processorTime() - start) / Double(threads * seconds)
    }
}

/// A microphone, an encoder, protection, and all of it taken back.
private struct Pipe: ~Copyable {
    private let tone = PreparedTone()
    private var encoder: AudioEncoder
    private var decoder: AudioDecoder
    private var sending: SRTPSession
    private var receiving: SRTPSession
    private var sender: RTPSender
    private var frame = [Int16](repeating: 0, count: AudioFormat.samplesPerFrame)
    private var decoded = [Int16](repeating: 0, count: AudioDecoder.maximumSamples)
    private var packet = [UInt8](repeating: 0, count: 2_048)

    init(_ codec: AudioCodec) {
        encoder = AudioEncoder(codec)
        decoder = AudioDecoder(codec)
        let profile = SRTPProfile.allCases[0]
        let key = [UInt8](repeating: 7, count: profile.keyLength + profile.saltLength)
        let keys = SRTPKeys(profile: profile, sending: key, receiving: key)
        guard let sending = try? SRTPSession(.sending, keys: keys),
            let receiving = try? SRTPSession(.receiving, keys: keys)
        else { fatalError("libsrtp lacks a profile") }
        self.sending = sending
        self.receiving = receiving
        var randomness = Randomness.seeded(1)
        sender = RTPSender(clockRate: 48_000, randomness: &randomness)
    }

    /// `exchange` gets the count of bytes at the front of the packet and gives that of what came back in their place.
    mutating func passFrame(over exchange: (UnsafeMutableRawBufferPointer, Int) -> Int = { $1 }) {
        var samples = frame.mutableSpan
        tone.read(into: &samples)
        var room = packet.mutableSpan
        var payload = room.extracting(RTPHeader.length..<room.count)
        let length = encoder.encode(frame.span, into: &payload)
        var bytes = packet.mutableSpan
        let plain = sender.writeHeader(
            payloadType: 111, payloadLength: length, samples: 960, at: Instant(nanoseconds: 0), into: &bytes)
        guard let count = try? sending.protectRTP(&bytes, count: plain) else { return }
        let received = bytes.withUnsafeMutableBytes { exchange($0, count) }
        guard let end = try? receiving.unprotectRTP(&bytes, count: received) else { return }
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
