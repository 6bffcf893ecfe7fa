import Audio
import ControlAPI
import ControlServer
import Dispatch
import Engine
import Logging
import Network
import SIP
import Seat
import Wire

/// Every seat by its name.
///
/// `default` is always there. Any other name is a seat, too: it is made for a command, and stays if there is a user then.
actor Seats {
    /// More seats are refused; each may have a user, a connection and calls.
    static let limit = 1024

    nonisolated private let premises: Premises
    nonisolated var unownedExecutor: UnownedSerialExecutor { premises.executor.asUnownedSerialExecutor() }

    private var desks: [SeatName: Desk]
    /// How many events were made up.
    var injected = 0
    /// From now on the only command is to log out.
    private(set) var isStopping = false
    private var watcher: NetworkWatcher?

    init(_ premises: Premises) {
        self.premises = premises
        desks = [.default: Desk(.default, on: premises)]
    }

    nonisolated var events: EventStream { premises.events }
    nonisolated var mayInject: Bool { premises.configuration.injectsEvents }

    /// Logs in the seats that are to be, and begins to watch the network; without that, a change of it is only noticed by what no longer works.
    nonisolated func start() {
        premises.devices.start()
        enter { seats in
            do throws(SystemError) {
                seats.watcher = try NetworkWatcher(on: seats.premises.executor) { [weak seats] in
                    seats?.assumeIsolated { $0.networkChanged() }
                }
            } catch {
                seats.premises.logger.warning("network changes go unnoticed", metadata: ["failure": "\(error)"])
            }
            for (name, login) in seats.premises.configuration.automaticLogins {
                let desk = seats.desks[name] ?? Desk(name, on: seats.premises)
                seats.desks[name] = desk
                desk.assumeIsolated { $0.start(login) }
            }
        }
    }

    /// Runs `body` on the actor, in the order of the calls.
    nonisolated func enter(_ body: @escaping @Sendable (isolated Seats) -> Void) {
        premises.executor.queue.async { self.assumeIsolated(body) }
    }

    /// Logs every seat out and waits until the platform has heard it.
    func stop() async {
        isStopping = true
        await withTaskGroup { group in
            for desk in desks.values { group.addTask { await desk.logOut() } }
        }
        premises.devices.stop()
    }

    /// Returns when the queue of the seats has come to it.
    func comeRound() {}

    private func networkChanged() {
        do throws(SystemError) {
            let addresses = try LocalInterface.all().map(\.address)
            for desk in desks.values { desk.assumeIsolated { $0.networkChanged(to: addresses) } }
        } catch {
            premises.logger.warning("interfaces", metadata: ["failure": "\(error)"])
        }
    }
}

/// What the control API asks for.
extension Seats {
    func carryOut(
        _ command: Command, on name: SeatName, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void
    ) {
        guard !isStopping || command == .logout else { return completion(.failure(.notReady)) }
        guard desks[name] != nil || desks.count < Self.limit else { return completion(.failure(.tooManySeats)) }
        let desk = desks[name] ?? Desk(name, on: premises)
        desks[name] = desk
        desk.assumeIsolated { desk in
            desk.carryOut(command) { [weak self] result in
                completion(result)
                self?.enter { $0.letGo(name) }
            }
        }
    }

    /// Of a seat that was only asked about nothing remains.
    private func letGo(_ name: SeatName) {
        guard name != .default, let desk = desks[name], desk.assumeIsolated({ $0.isUntouched }) else { return }
        desks[name] = nil
    }

    /// How loud the first call there is sounds, in dBFS.
    fileprivate func levels() async -> (said: Double?, heard: Double?) {
        for desk in desks.values {
            if let statistics = await desk.statistics().first {
                return (statistics.sent.level, statistics.received.level)
            }
        }
        return (nil, nil)
    }

    /// One seat or all, and each call with what its audio measures now; the position is that of the last event before it.
    func snapshot(of name: SeatName?) async -> (position: LogPosition, seats: JSON, injected: Int) {
        let wanted = name.map { [$0: desks[$0] ?? Desk($0, on: premises)] } ?? desks
        var media: [SeatName: [LegID: JSON]] = [:]
        for (name, desk) in wanted { media[name] = await desk.measurements() }
        let seats = wanted.map { name, desk in
            let media = media[name] ?? [:]
            return (name.text, desk.assumeIsolated { $0.snapshot(media) })
        }
        return (events.position, .object(Dictionary(uniqueKeysWithValues: seats)), injected)
    }
}

extension Seats: ControlBackend {
    nonisolated func perform(
        _ command: Command, on seat: SeatName, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void
    ) {
        enter { $0.carryOut(command, on: seat, completion: completion) }
    }

    private static let stateTime = Duration.seconds(5)

    /// Answers when all that the snapshot stands on has been told: a position a client gets is one it can go on from. While the
    /// disk does not answer that is an older one.
    nonisolated func state(of seat: SeatName?, completion: @escaping @Sendable (JSON) -> Void) {
        Task {
            let (position, seats, injected) = await snapshot(of: seat)
            events.whenTold(position, within: Self.stateTime) { [events, mayInject] told in
                var members: [String: JSON] = [
                    "position": ["epoch": .string(told.epoch), "seq": .integer(Int64(clamping: told.seq))],
                    "journal": events.condition.json(isLate: told != position),
                    "seats": seats,
                ]
                if mayInject { members["injected"] = .integer(Int64(injected)) }
                completion(.object(members))
            }
        }
    }

    nonisolated func sipTrace(
        _ query: TraceQuery, of seat: SeatName?, completion: @escaping @Sendable ([UInt8]) -> Void
    ) {
        enter { seats in completion(seats.premises.traces.assumeIsolated { $0.answer(query, of: seat) }) }
    }

    nonisolated func audio(
        _ change: AudioChange?, completion: @escaping @Sendable (Result<JSON, Problem>) -> Void
    ) {
        let devices = premises.devices
        Task {
            if let change, let problem = await devices.change(change) { return completion(.failure(problem)) }
            let levels = await self.levels()
            completion(.success(devices.json(said: levels.said, heard: levels.heard)))
        }
    }

    nonisolated func subscribe(_ subscriber: SubscriberID, after: LogPosition?, to sink: any EventSink) {
        events.subscribe(subscriber, after: after, to: sink)
    }

    nonisolated func unsubscribe(_ subscriber: SubscriberID) {
        events.unsubscribe(subscriber)
    }
}
