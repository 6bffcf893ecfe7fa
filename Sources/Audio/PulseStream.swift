import CPulse
import Dispatch

/// One stream to or from a PulseAudio server that opens itself anew, after a growing pause, whenever it is lost.
///
/// libpulse's own thread runs the callbacks and owns the state below; samples leave it and reach it through ``ring``
/// alone. Opening and closing wait for that thread, so they happen on a queue of their own.
final class PulseStream: @unchecked Sendable {
    enum Direction: Sendable { case record, playback }

    static let samplesOfLatency = AudioFormat.samplesPerFrame
    private static let pauses = 500_000...8_000_000
    private static let queue = DispatchQueue(label: "phonebard.pulse", qos: .userInitiated)

    let ring = SampleRing(capacity: 10 * AudioFormat.samplesPerFrame)
    private let direction: Direction
    private let server: String?
    private let device: String?
    private let onChange: @Sendable (AudioDevice.Condition) -> Void

    private var mainloop: OpaquePointer?
    private var context: OpaquePointer?
    private var stream: OpaquePointer?
    private var retry: OpaquePointer?
    /// Microseconds until the next attempt.
    private var pause = pauses.lowerBound
    private var condition: AudioDevice.Condition?
    /// Whether what is played has a frame in reserve; false at first and after running dry.
    private var isPrimed = false

    init(
        _ direction: Direction, server: String?, device: String?,
        onChange: @escaping @Sendable (AudioDevice.Condition) -> Void
    ) {
        self.direction = direction
        self.server = server
        self.device = device
        self.onChange = onChange
    }

    func open() {
        Self.queue.async { [self] in
            guard mainloop == nil, let mainloop = pa_threaded_mainloop_new() else { return }
            self.mainloop = mainloop
            pa_threaded_mainloop_set_name(mainloop, "phonebard.pulse")
            pa_threaded_mainloop_start(mainloop)
            pa_threaded_mainloop_lock(mainloop)
            connect()
            pa_threaded_mainloop_unlock(mainloop)
        }
    }

    func close() {
        Self.queue.async { [self] in
            guard let mainloop else { return }
            pa_threaded_mainloop_lock(mainloop)
            cancelRetry()
            disconnect()
            pa_threaded_mainloop_unlock(mainloop)
            pa_threaded_mainloop_stop(mainloop)
            pa_threaded_mainloop_free(mainloop)
            self.mainloop = nil
            condition = nil
        }
    }
}

/// The connection, on libpulse's thread or under its lock.
extension PulseStream {
    private var handle: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    private static func from(_ handle: UnsafeMutableRawPointer?) -> PulseStream? {
        handle.map { Unmanaged<PulseStream>.fromOpaque($0).takeUnretainedValue() }
    }

    private func connect() {
        guard let mainloop, let context = pa_context_new(pa_threaded_mainloop_get_api(mainloop), "phonebard") else {
            return
        }
        self.context = context
        pa_context_set_state_callback(context, { _, handle in PulseStream.from(handle)?.contextStateChanged() }, handle)
        if pa_context_connect(context, server, PA_CONTEXT_NOAUTOSPAWN, nil) < 0 {
            lose()
        }
    }

    private func contextStateChanged() {
        guard let context else { return }
        switch pa_context_get_state(context) {
        case PA_CONTEXT_READY: openStream(in: context)
        case PA_CONTEXT_FAILED, PA_CONTEXT_TERMINATED: lose()
        default: break
        }
    }

    private func openStream(in context: OpaquePointer) {
        var format = pa_sample_spec(
            format: PA_SAMPLE_S16LE, rate: UInt32(AudioFormat.sampleRate), channels: 1)
        let properties = pa_proplist_new()
        defer { pa_proplist_free(properties) }
        pa_proplist_sets(properties, PA_PROP_MEDIA_ROLE, "phone")
        guard let stream = pa_stream_new_with_proplist(context, "call", &format, nil, properties) else {
            lose()
            return
        }
        self.stream = stream
        pa_stream_set_state_callback(stream, { _, handle in PulseStream.from(handle)?.streamStateChanged() }, handle)
        if start(stream) < 0 {
            lose()
        }
    }

    private func start(_ stream: OpaquePointer) -> Int32 {
        let latency = UInt32(2 * Self.samplesOfLatency)
        var buffering = pa_buffer_attr(
            maxlength: .max, tlength: latency, prebuf: 0, minreq: .max, fragsize: latency / 2)
        switch direction {
        case .record:
            pa_stream_set_read_callback(stream, { _, _, handle in PulseStream.from(handle)?.takeIn() }, handle)
            return pa_stream_connect_record(stream, device, &buffering, PA_STREAM_ADJUST_LATENCY)
        case .playback:
            pa_stream_set_write_callback(
                stream, { _, count, handle in PulseStream.from(handle)?.giveOut(octets: count) }, handle)
            return pa_stream_connect_playback(stream, device, &buffering, PA_STREAM_ADJUST_LATENCY, nil, nil)
        }
    }

    private func streamStateChanged() {
        guard let stream else { return }
        switch pa_stream_get_state(stream) {
        case PA_STREAM_READY:
            pause = Self.pauses.lowerBound
            change(to: .ready)
        case PA_STREAM_FAILED, PA_STREAM_TERMINATED: lose()
        default: break
        }
    }

    private func change(to condition: AudioDevice.Condition) {
        guard condition != self.condition else { return }
        self.condition = condition
        onChange(condition)
    }

    /// What was lost is let go only when the next attempt is made: libpulse may be calling from within it.
    private func lose() {
        guard retry == nil, let mainloop, let api = pa_threaded_mainloop_get_api(mainloop) else { return }
        let reason = context.flatMap { pa_strerror(pa_context_errno($0)) }.map { String(cString: $0) }
        change(to: .unavailable(reason: reason ?? "no PulseAudio"))
        var time = timeval()
        pa_gettimeofday(&time)
        pa_timeval_add(&time, pa_usec_t(pause))
        pause = min(2 * pause, Self.pauses.upperBound)
        retry = api.pointee.time_new(api, &time, { _, _, _, handle in PulseStream.from(handle)?.tryAgain() }, handle)
    }

    private func tryAgain() {
        cancelRetry()
        disconnect()
        connect()
    }

    private func cancelRetry() {
        guard let retry, let mainloop, let api = pa_threaded_mainloop_get_api(mainloop) else { return }
        api.pointee.time_free(retry)
        self.retry = nil
    }

    private func disconnect() {
        if let stream {
            pa_stream_set_state_callback(stream, nil, nil)
            pa_stream_set_read_callback(stream, nil, nil)
            pa_stream_set_write_callback(stream, nil, nil)
            pa_stream_disconnect(stream)
            pa_stream_unref(stream)
        }
        stream = nil
        if let context {
            pa_context_set_state_callback(context, nil, nil)
            pa_context_disconnect(context)
            pa_context_unref(context)
        }
        context = nil
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

    /// Silence until a frame waits in reserve, so that a frame that comes a little late is not heard.
    private func fill(_ samples: UnsafeMutableBufferPointer<Int16>) {
        ring.drop(beyond: samples.count + 3 * AudioFormat.samplesPerFrame)
        if !isPrimed {
            isPrimed = ring.count >= samples.count + AudioFormat.samplesPerFrame
        }
        let count = isPrimed ? ring.read(into: samples) : 0
        samples.dropFirst(count).update(repeating: 0)
        isPrimed = count == samples.count
    }
}
