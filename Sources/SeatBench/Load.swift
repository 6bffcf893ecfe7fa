import Foundation
import Network
import Synchronization
import Wire

/// Calls of many seats, so many begun each second, each answered, talked in and hung up; every other one a customer's.
struct Load {
    private struct Outcome {
        var noticeTimes: [Double] = []
        var answerTimes: [Double] = []
        var dialTimes: [Double] = []
        var hangUpTimes: [Double] = []
        var failures: [String] = []
    }

    private static let talkTime = Duration.milliseconds(300)

    let names: [String]
    let rate: Int
    let seconds: Int
    let phone: Phone
    let gateway: Gateway
    let desk: Desk

    init(_ names: [String], rate: Int, seconds: Int, _ phone: Phone, _ gateway: Gateway, _ desk: Desk) {
        (self.names, self.rate, self.seconds) = (names, rate, seconds)
        (self.phone, self.gateway, self.desk) = (phone, gateway, desk)
    }

    func run() async throws {
        let count = rate * seconds
        let began = MonotonicClock.now
        let processorTime = phone.processorSeconds
        let ownTime = ownProcessorSeconds()
        var memory: [Double] = []
        var outcomes: [Outcome] = []
        await withTaskGroup(of: Outcome.self) { group in
            for number in 0..<count {
                let due = began + .nanoseconds(Int64(number) * 1_000_000_000 / Int64(rate))
                try? await Task.sleep(for: max(.zero, due - MonotonicClock.now))
                if number % rate == 0 { memory.append(phone.residentMegabytes) }
                group.addTask { await call(number) }
            }
            for await outcome in group { outcomes.append(outcome) }
        }
        memory.append(phone.residentMegabytes)
        await report(
            outcomes, memory, processor: phone.processorSeconds - processorTime, own: ownProcessorSeconds() - ownTime)
        guard outcomes.allSatisfy(\.failures.isEmpty) else { throw Phone.Failure(text: "calls were lost") }
    }

    private func report(_ outcomes: [Outcome], _ memory: [Double], processor: Double, own: Double) async {
        let failures = outcomes.flatMap(\.failures)
        say(
            "\(outcomes.count) calls of \(names.count) seats, \(rate) a second for \(seconds) s: \(failures.count) lost,"
                + " audio through in \(await gateway.mediaConnections), failed in \(await gateway.mediaFailures)")
        for failure in failures.prefix(5) { say("  lost: \(failure)") }
        show("  notice in → event out", outcomes.flatMap(\.noticeTimes), "ms")
        show("  answerPBXCall in → answeredPBXCall out", outcomes.flatMap(\.answerTimes), "ms")
        show("  call in → answeredPBXCall out (300 ms of ringing)", outcomes.flatMap(\.dialTimes), "ms")
        show("  terminate in → endPBXCall out", outcomes.flatMap(\.hangUpTimes), "ms")
        let settled = memory.dropFirst(memory.count / 4)
        say(
            "  memory \(shown(memory[0])) MB at first, from a quarter on \(shown(settled.min() ?? 0)) to"
                + " \(shown(settled.max() ?? 0)) MB; processor \(shown(processor / Double(seconds) * 100)) % of one core,"
                + " \(shown(processor * 1000 / Double(outcomes.count))) ms a call; platform, customers and client"
                + " \(shown(own * 1000 / Double(outcomes.count))) ms a call")
    }

    private func call(_ number: Int) async -> Outcome {
        var outcome = Outcome()
        do {
            if number % 2 == 0 { try await incoming(number, &outcome) } else { try await outgoing(number, &outcome) }
        } catch {
            outcome.failures.append("\(error)")
        }
        return outcome
    }

    private func incoming(_ number: Int, _ outcome: inout Outcome) async throws {
        let seat = names[number % names.count]
        let offer = try await desk.event(seat, "newPBXCall") {
            guard await gateway.customer("139\(10_000_000 + number)", "calls", ["extension": .string(seat)]) else {
                throw Phone.Failure(text: "\(seat) is not free")
            }
        }
        guard let call = offer.json["data"]?["c"]?.string, let sent = await gateway.offered[call] else {
            throw Phone.Failure(text: "a call nobody made")
        }
        outcome.noticeTimes.append((offer.came - sent).milliseconds)
        let began = MonotonicClock.now
        let answered = try await desk.event(seat, "answeredPBXCall") {
            _ = try await phone.post(seat, "answerPBXCall", ["ccNumber": .string(call)])
        }
        outcome.answerTimes.append((answered.came - began).milliseconds)
        try await hangUp(seat, call, &outcome)
    }

    private func outgoing(_ number: Int, _ outcome: inout Outcome) async throws {
        let seat = names[number % names.count]
        let began = MonotonicClock.now
        let answered = try await desk.event(seat, "answeredPBXCall") {
            _ = try await phone.post(seat, "call", ["number": .string("138\(10_000_000 + number % 1000 * 1000)")])
        }
        guard let call = answered.json["data"]?["c"]?.string else { throw Phone.Failure(text: "no ccNumber") }
        outcome.dialTimes.append((answered.came - began).milliseconds)
        try await hangUp(seat, call, &outcome)
    }

    private func hangUp(_ seat: String, _ call: String, _ outcome: inout Outcome) async throws {
        try await Task.sleep(for: Self.talkTime)
        let began = MonotonicClock.now
        let ended = try await desk.event(seat, "endPBXCall") {
            _ = try await phone.post(seat, "terminate", ["ccNumber": .string(call)])
        }
        guard ended.json["data"]?["c"]?.string == call else { throw Phone.Failure(text: "another call ended") }
        outcome.hangUpTimes.append((ended.came - began).milliseconds)
    }
}

/// What this process has used: the platform, its customers' sound and who drives them.
private func ownProcessorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
