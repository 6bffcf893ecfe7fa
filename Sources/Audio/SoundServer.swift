import CPulse
import Dispatch
import Synchronization

/// The one connection to a PulseAudio server, or to PipeWire that speaks its protocol: knows what devices there are, has
/// each stream on the right one, and connects anew, after a growing pause, whenever it is lost.
///
/// libpulse's own thread runs the callbacks and owns the state below. Whoever else touches it waits for that thread, so
/// that happens on a queue of its own.
package final class SoundServer: @unchecked Sendable {
    private static let queue = DispatchQueue(label: "phonebard.pulse", qos: .userInitiated)
    /// Microseconds from one attempt to the next.
    private static let pauses = 100_000...4_000_000

    private let address: String?
    private let wish: EchoCancellation.Wish
    private let onChange: @Sendable (SoundState) -> Void
    private let told = Mutex(SoundState())

    private var mainloop: OpaquePointer?
    private var context: OpaquePointer?
    private var isReady = false
    private var retry: OpaquePointer?
    private var pause = pauses.lowerBound
    private var choice: SoundChoice
    private var condition = SoundState.Condition.unused
    private var catalogue = SoundCatalogue()
    /// What the server is telling just now.
    private var gathered: SoundCatalogue?
    private var hasChangedMeanwhile = false
    private var streams: [PulseStream] = []
    private var loading = EchoCancellation.Loading.none

    /// `address` is libpulse's word for where to go; nil leaves it to the user's configuration. `onChange` is called from
    /// libpulse's thread.
    package init(
        address: String? = nil, choice: SoundChoice, echoCancellation: EchoCancellation.Wish = .auto,
        onChange: @escaping @Sendable (SoundState) -> Void = { _ in }
    ) {
        self.address = address
        self.choice = choice
        wish = echoCancellation
        self.onChange = onChange
    }

    package var state: SoundState { told.withLock { $0 } }

    /// Connects, if it has not been asked to before.
    package func start() {
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

    /// Lets go of everything; needed before the last reference to it is dropped.
    package func stop() {
        Self.queue.async { [self] in
            guard let mainloop else { return }
            pa_threaded_mainloop_lock(mainloop)
            cancelRetry()
            unload()
            disconnect()
            pa_threaded_mainloop_unlock(mainloop)
            pa_threaded_mainloop_stop(mainloop)
            pa_threaded_mainloop_free(mainloop)
            self.mainloop = nil
        }
    }

    /// From now on these devices are wanted; open streams change over.
    package func choose(_ choice: SoundChoice) {
        enter { server in
            server.choice = choice
            server.follow()
        }
    }

    /// `volume` is 1 for a device's full volume; false if there is no such device.
    package func set(volume: Double?, isMuted: Bool?, of role: SoundRole) async -> Bool {
        await withCheckedContinuation { continuation in
            Self.queue.async { [self] in
                guard let mainloop else { return continuation.resume(returning: false) }
                pa_threaded_mainloop_lock(mainloop)
                let isDone = adjust(volume, isMuted, of: role)
                pa_threaded_mainloop_unlock(mainloop)
                continuation.resume(returning: isDone)
            }
        }
    }

    func open(_ stream: PulseStream) {
        enter { server in
            server.streams.append(stream)
            server.follow()
        }
    }

    func close(_ stream: PulseStream) {
        enter { server in
            stream.disconnect()
            server.streams.removeAll { $0 === stream }
            server.follow()
        }
    }

    private func enter(_ body: @escaping @Sendable (SoundServer) -> Void) {
        Self.queue.async { [self] in
            guard let mainloop else { return }
            pa_threaded_mainloop_lock(mainloop)
            body(self)
            pa_threaded_mainloop_unlock(mainloop)
        }
    }
}

/// The connection, on libpulse's thread or under its lock.
extension SoundServer {
    private var handle: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    private static func from(_ handle: UnsafeMutableRawPointer?) -> SoundServer? {
        handle.map { Unmanaged<SoundServer>.fromOpaque($0).takeUnretainedValue() }
    }

    private func connect() {
        guard let mainloop, let context = pa_context_new(pa_threaded_mainloop_get_api(mainloop), "phonebard") else {
            return
        }
        self.context = context
        pa_context_set_state_callback(context, { _, handle in SoundServer.from(handle)?.contextStateChanged() }, handle)
        if pa_context_connect(context, address, PA_CONTEXT_NOAUTOSPAWN, nil) < 0 {
            lose()
        }
    }

    private func contextStateChanged() {
        guard let context else { return }
        switch pa_context_get_state(context) {
        case PA_CONTEXT_READY:
            pause = Self.pauses.lowerBound
            isReady = true
            subscribe(in: context)
            gather()
        case PA_CONTEXT_FAILED, PA_CONTEXT_TERMINATED: lose()
        default: break
        }
    }

    /// What was lost is let go only when the next attempt is made: libpulse may be calling from within it.
    private func lose() {
        isReady = false
        if let mainloop { pa_threaded_mainloop_signal(mainloop, 0) }
        let reason = context.flatMap { pa_strerror(pa_context_errno($0)) }.map { String(cString: $0) }
        condition = .unavailable(reason: reason ?? "no PulseAudio")
        catalogue = SoundCatalogue()
        loading = .none
        for stream in streams { stream.lose() }
        tryAgain(after: pause)
        pause = min(2 * pause, Self.pauses.upperBound)
        follow()
    }

    /// Streams call this when their device fails though it is there.
    func tryAgain(after microseconds: Int) {
        guard retry == nil, let mainloop, let api = pa_threaded_mainloop_get_api(mainloop) else { return }
        var time = timeval()
        pa_gettimeofday(&time)
        pa_timeval_add(&time, pa_usec_t(microseconds))
        retry = api.pointee.time_new(api, &time, { _, _, _, handle in SoundServer.from(handle)?.tryAgain() }, handle)
    }

    private func tryAgain() {
        cancelRetry()
        if isReady {
            for stream in streams { stream.forgive() }
            gather()
        } else {
            disconnect()
            connect()
        }
    }

    private func cancelRetry() {
        guard let retry, let mainloop, let api = pa_threaded_mainloop_get_api(mainloop) else { return }
        api.pointee.time_free(retry)
        self.retry = nil
    }

    private func disconnect() {
        for stream in streams { stream.disconnect() }
        gathered = nil
        isReady = false
        if let context {
            pa_context_set_state_callback(context, nil, nil)
            pa_context_set_subscribe_callback(context, nil, nil)
            pa_context_disconnect(context)
            pa_context_unref(context)
        }
        context = nil
    }
}

/// What the server has.
extension SoundServer {
    private func subscribe(in context: OpaquePointer) {
        pa_context_set_subscribe_callback(context, { _, _, _, handle in SoundServer.from(handle)?.gather() }, handle)
        let mask = [
            PA_SUBSCRIPTION_MASK_SINK, PA_SUBSCRIPTION_MASK_SOURCE, PA_SUBSCRIPTION_MASK_SERVER,
            PA_SUBSCRIPTION_MASK_MODULE,
        ].reduce(0) { $0 | $1.rawValue }
        finish(pa_context_subscribe(context, pa_subscription_mask_t(rawValue: mask), nil, nil))
    }

    /// Asks for everything; the answers come in the order of the questions.
    private func gather() {
        guard let context, isReady else { return }
        guard gathered == nil else {
            hasChangedMeanwhile = true
            return
        }
        gathered = SoundCatalogue()
        hasChangedMeanwhile = false
        finish(
            pa_context_get_server_info(context, { _, info, handle in SoundServer.from(handle)?.learn(info) }, handle))
        finish(
            pa_context_get_sink_info_list(
                context, { _, info, _, handle in SoundServer.from(handle)?.learn(sink: info) }, handle))
        finish(
            pa_context_get_source_info_list(
                context, { _, info, _, handle in SoundServer.from(handle)?.learn(source: info) }, handle))
        finish(
            pa_context_get_module_info_list(
                context, { _, info, end, handle in SoundServer.from(handle)?.learn(module: info, end: end) }, handle))
    }

    private func learn(_ info: UnsafePointer<pa_server_info>?) {
        gathered?.defaultSink = info?.pointee.default_sink_name.map { String(cString: $0) }
        gathered?.defaultSource = info?.pointee.default_source_name.map { String(cString: $0) }
    }

    private func learn(sink info: UnsafePointer<pa_sink_info>?) {
        guard let info = info?.pointee else { return }
        var sink = SoundCatalogue.Device(
            name: info.name, info.description, info.volume, info.mute, info.owner_module, info.proplist)
        sink.channels = info.channel_map.channels
        gathered?.sinks.append(sink)
    }

    private func learn(source info: UnsafePointer<pa_source_info>?) {
        guard let info = info?.pointee else { return }
        var source = SoundCatalogue.Device(
            name: info.name, info.description, info.volume, info.mute, info.owner_module, info.proplist)
        source.channels = info.channel_map.channels
        source.monitored = info.monitor_of_sink_name.map { String(cString: $0) }
        gathered?.sources.append(source)
    }

    private func learn(module info: UnsafePointer<pa_module_info>?, end: Int32) {
        if let info = info?.pointee, String(cString: info.name) == "module-echo-cancel" {
            gathered?.cancellers[info.index] = info.argument.map { String(cString: $0) } ?? ""
        }
        guard end != 0, var gathered else { return }
        gathered.claim()
        self.gathered = nil
        catalogue = gathered
        condition = .ready
        follow()
        if hasChangedMeanwhile { gather() }
    }

    /// What comes of an operation is told by its callback.
    private func finish(_ operation: OpaquePointer?) {
        if let operation { pa_operation_unref(operation) }
    }
}

/// What is made of it.
extension SoundServer {
    /// Has every stream on its device and the echo canceller where it is wanted, and tells of what is new.
    func follow() {
        let open = Set(streams.map(\.role))
        let assignment = SoundAssignment(of: catalogue, choice, wish, loading, open: open)
        load(assignment.wanted)
        for stream in streams {
            if case .unavailable(let reason) = condition { stream.waitForServer(reason) }
            if let context, condition == .ready { stream.follow(assignment.devices[stream.role], in: context) }
        }
        tell(assignment)
    }

    private func tell(_ assignment: SoundAssignment) {
        var state = SoundState()
        state.condition = condition
        state.catalogue = catalogue
        state.echo = assignment.echo
        for role in SoundRole.allCases {
            let open = streams.first(where: { $0.role == role && $0.isOpen })
            state.uses[role] = SoundState.Use(device: assignment.masters[role], open: open?.device)
        }
        let isNew = told.withLock { told in
            defer { told = state }
            return told != state
        }
        if isNew { onChange(state) }
    }

    private func load(_ wanted: EchoCancellation.Masters?) {
        guard let context, isReady else { return }
        switch (loading, wanted) {
        case (.none, let masters?): load(masters, in: context)
        case (.failed(let masters, _), let others?) where masters != others: load(others, in: context)
        case (.loaded(let module, let masters), _) where masters != wanted:
            loading = .none
            finish(pa_context_unload_module(context, module, nil, nil))
        case (.none, nil), (.failed, _), (.loaded, _), (.underWay, _): break
        }
    }

    private func load(_ masters: EchoCancellation.Masters, in context: OpaquePointer) {
        loading = .underWay(masters)
        finish(
            pa_context_load_module(
                context, "module-echo-cancel", masters.arguments,
                { _, module, handle in SoundServer.from(handle)?.loaded(module) }, handle))
    }

    private func loaded(_ module: UInt32) {
        guard case .underWay(let masters) = loading, let context else { return }
        if module == .max {
            loading = .failed(masters, reason: String(cString: pa_strerror(pa_context_errno(context))))
            follow()
        } else {
            loading = .loaded(module, masters)
            gather()
        }
    }

    /// Waits until the server has heard it.
    private func unload() {
        guard let mainloop, let context, isReady, let module = loading.module else { return }
        let operation = pa_context_unload_module(
            context, module, { _, _, mainloop in pa_threaded_mainloop_signal(mainloop.map { OpaquePointer($0) }, 0) },
            UnsafeMutableRawPointer(mainloop))
        guard let operation else { return }
        // A connection that is lost meanwhile cancels it.
        while pa_operation_get_state(operation) == PA_OPERATION_RUNNING { pa_threaded_mainloop_wait(mainloop) }
        pa_operation_unref(operation)
        loading = .none
    }

    private func adjust(_ volume: Double?, _ isMuted: Bool?, of role: SoundRole) -> Bool {
        guard let context, isReady, let name = told.withLock({ $0.uses[role]?.device }) else { return false }
        let devices = role == .microphone ? catalogue.sources : catalogue.sinks
        guard let device = devices.first(where: { $0.name == name }) else { return false }
        if let volume {
            var levels = pa_cvolume()
            pa_cvolume_set(&levels, UInt32(device.channels), pa_volume_t(volume * Self.fullVolume))
            finish(
                role == .microphone
                    ? pa_context_set_source_volume_by_name(context, name, &levels, nil, nil)
                    : pa_context_set_sink_volume_by_name(context, name, &levels, nil, nil))
        }
        if let isMuted {
            finish(
                role == .microphone
                    ? pa_context_set_source_mute_by_name(context, name, isMuted ? 1 : 0, nil, nil)
                    : pa_context_set_sink_mute_by_name(context, name, isMuted ? 1 : 0, nil, nil))
        }
        return true
    }

    /// `PA_VOLUME_NORM`.
    fileprivate static let fullVolume = 65_536.0
}

extension SoundCatalogue.Device {
    fileprivate init(
        name: UnsafePointer<CChar>, _ description: UnsafePointer<CChar>?, _ volume: pa_cvolume, _ mute: Int32,
        _ module: UInt32, _ properties: OpaquePointer?
    ) {
        self.init(name: String(cString: name))
        self.description = description.map { String(cString: $0) } ?? self.name
        var volume = volume
        self.volume = Double(pa_cvolume_avg(&volume)) / SoundServer.fullVolume
        isMuted = mute != 0
        self.module = module == .max ? nil : module
        master = properties.flatMap { pa_proplist_gets($0, PA_PROP_DEVICE_MASTER_DEVICE) }.map { String(cString: $0) }
    }
}
