import CPulse

/// One stream to or from the device its ``SoundServer`` has it on.
///
/// libpulse's thread runs the callbacks and owns the state below; samples leave it and reach it through ``ring`` alone.
final class PulseStream: @unchecked Sendable {
    /// How much the server is to keep of what is played: with less, a little of other work is heard.
    private static let octetsAhead = UInt32(2 * AudioFormat.samplesPerFrame * 3 / 4)
    /// In what pieces it hands over what it records.
    private static let octetsAtOnce = UInt32(2 * AudioFormat.samplesPerFrame / 4)
    /// Microseconds until a device that has failed is tried again.
    private static let pause = 500_000

    let ring = SampleRing(capacity: 10 * AudioFormat.samplesPerFrame)
    let role: SoundRole
    private let server: SoundServer
    private let onChange: @Sendable (AudioDevice.Condition) -> Void

    private var stream: OpaquePointer?
    /// The device the stream is on, or has failed on.
    private(set) var device: String?
    private(set) var isOpen = false
    /// Whether the device has failed and is not to be tried just now.
    private var isLost = false
    private var condition: AudioDevice.Condition?
    /// Whether what is played has something in reserve; false at first and after running dry.
    private var isPrimed = false

    init(_ role: SoundRole, on server: SoundServer, onChange: @escaping @Sendable (AudioDevice.Condition) -> Void) {
        self.role = role
        self.server = server
        self.onChange = onChange
    }

    func open() {
        server.open(self)
    }

    func close() {
        server.close(self)
    }
}

/// What the server has it do, on libpulse's thread or under its lock.
extension PulseStream {
    /// Changes over to another device, or to silence when there is none.
    func follow(_ wanted: String?, in context: OpaquePointer) {
        guard let wanted else {
            disconnect()
            return change(to: .unavailable(reason: "no such device"))
        }
        guard wanted != device else { return }
        disconnect()
        device = wanted
        connect(to: wanted, in: context)
    }

    /// A device that has failed may be tried again.
    func forgive() {
        if isLost { disconnect() }
    }

    func lose() {
        isOpen = false
        isLost = true
    }

    func waitForServer(_ reason: String) {
        change(to: .unavailable(reason: reason))
    }

    func disconnect() {
        if let stream {
            pa_stream_set_state_callback(stream, nil, nil)
            pa_stream_set_read_callback(stream, nil, nil)
            pa_stream_set_write_callback(stream, nil, nil)
            pa_stream_disconnect(stream)
            pa_stream_unref(stream)
        }
        stream = nil
        device = nil
        isOpen = false
        isLost = false
        isPrimed = false
    }

    private var handle: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    private static func from(_ handle: UnsafeMutableRawPointer?) -> PulseStream? {
        handle.map { Unmanaged<PulseStream>.fromOpaque($0).takeUnretainedValue() }
    }

    private func connect(to device: String, in context: OpaquePointer) {
        var format = pa_sample_spec(
            format: PA_SAMPLE_S16LE, rate: UInt32(AudioFormat.sampleRate), channels: 1)
        let properties = pa_proplist_new()
        defer { pa_proplist_free(properties) }
        pa_proplist_sets(properties, PA_PROP_MEDIA_ROLE, "phone")
        guard let stream = pa_stream_new_with_proplist(context, role.rawValue, &format, nil, properties) else {
            return failed(in: context)
        }
        self.stream = stream
        pa_stream_set_state_callback(stream, { _, handle in PulseStream.from(handle)?.stateChanged() }, handle)
        if start(stream, on: device) < 0 {
            failed(in: context)
        }
    }

    private func start(_ stream: OpaquePointer, on device: String) -> Int32 {
        var buffering = pa_buffer_attr(
            maxlength: .max, tlength: Self.octetsAhead, prebuf: 0, minreq: .max, fragsize: Self.octetsAtOnce)
        switch role {
        case .microphone:
            pa_stream_set_read_callback(stream, { _, _, handle in PulseStream.from(handle)?.takeIn() }, handle)
            return pa_stream_connect_record(stream, device, &buffering, PA_STREAM_ADJUST_LATENCY)
        case .speaker, .ringer:
            pa_stream_set_write_callback(
                stream, { _, count, handle in PulseStream.from(handle)?.giveOut(octets: count) }, handle)
            return pa_stream_connect_playback(stream, device, &buffering, PA_STREAM_ADJUST_LATENCY, nil, nil)
        }
    }

    private func stateChanged() {
        guard let stream else { return }
        switch pa_stream_get_state(stream) {
        case PA_STREAM_READY:
            isOpen = true
            change(to: .ready)
            server.follow()
        case PA_STREAM_FAILED, PA_STREAM_TERMINATED: failed(in: pa_stream_get_context(stream))
        default: break
        }
    }

    /// What was lost is let go only later: libpulse may be calling from within it.
    private func failed(in context: OpaquePointer?) {
        guard let context, pa_context_get_state(context) == PA_CONTEXT_READY else { return }
        lose()
        change(to: .unavailable(reason: String(cString: pa_strerror(pa_context_errno(context)))))
        server.tryAgain(after: Self.pause)
        server.follow()
    }

    private func change(to condition: AudioDevice.Condition) {
        guard condition != self.condition else { return }
        self.condition = condition
        onChange(condition)
    }
}

/// The sound, on libpulse's thread.
extension PulseStream {
    private func takeIn() {
        guard let stream else { return }
        while pa_stream_readable_size(stream) > 0 {
            var data: UnsafeRawPointer?
            var octets = 0
            guard pa_stream_peek(stream, &data, &octets) == 0, octets > 0 else { return }
            if let data {
                let samples = UnsafeBufferPointer(start: data.assumingMemoryBound(to: Int16.self), count: octets / 2)
                _ = ring.write(samples)
            }
            pa_stream_drop(stream)
        }
    }

    private func giveOut(octets wanted: Int) {
        guard let stream else { return }
        var left = wanted
        while left > 0 {
            var data: UnsafeMutableRawPointer?
            var octets = left
            guard pa_stream_begin_write(stream, &data, &octets) == 0, let data, octets > 1 else { return }
            let samples = UnsafeMutableBufferPointer(
                start: data.assumingMemoryBound(to: Int16.self), count: octets / 2)
            fill(samples)
            guard pa_stream_write(stream, data, samples.count * 2, nil, 0, PA_SEEK_RELATIVE) == 0 else { return }
            left -= samples.count * 2
        }
    }

    /// Silence until something waits in reserve, so that a frame that comes a little late is not heard.
    private func fill(_ samples: UnsafeMutableBufferPointer<Int16>) {
        ring.drop(beyond: samples.count + 3 * AudioFormat.samplesPerFrame)
        if !isPrimed {
            isPrimed = ring.count >= samples.count + PulseSink.samplesInReserve
        }
        let count = isPrimed ? ring.read(into: samples) : 0
        samples.dropFirst(count).update(repeating: 0)
        isPrimed = count == samples.count
    }
}
