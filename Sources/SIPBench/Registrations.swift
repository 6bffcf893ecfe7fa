import ArgumentParser
import CAllocations
import Foundation
import SIP
import Wire

/// What registrations held in one process cost, in memory and for each refresh, and whole transactions between two agents.
struct Registrations: ParsableCommand {
    @Argument(help: "How many registrations are held at a time.")
    var count = 2000
    @Option(help: "How often each is refreshed.")
    var rounds = 10
    @Option(help: "How many transactions of each kind are made.")
    var transactions = 5000

    private struct Failed: Error {}

    func run() throws {
        let held = try measureHeld()
        let (register, invite) = try measureTransactions()
        let figures: [(String, String)] = [
            ("registrations", String(count)),
            ("bytesPerRegistration", String(held.bytes / count)),
            ("microsecondsPerRefresh", Self.text(held.agent)),
            ("microsecondsPerRefreshAtRegistrar", Self.text(held.registrar)),
            ("microsecondsPerRegister", Self.text(register)),
            ("microsecondsPerInvite", Self.text(invite)),
        ]
        print("{" + figures.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}")
    }

    private static func text(_ value: Double) -> String { String(format: "%.1f", value) }
}

/// Many agents and one registrar with digest, a phase of all agents after the other so that each can be timed.
extension Registrations {
    private func measureHeld() throws -> (bytes: Int, agent: Double, registrar: Double) {
        let before = Int(phonebard_allocated_bytes())
        var agents = (0..<count).map(makeAgent)
        var registrar: Far? = Far()
        var now = Instant(nanoseconds: 0)
        var sent: [(Int, [UInt8])] = []
        for index in agents.indices {
            _ = agents[index].handle(.register(expires: .seconds(300)), at: now)
            sent += messages(agents[index].handle(.transportConnected, at: now)).map { (index, $0) }
        }
        while !sent.isEmpty {
            let answers = try sent.map { ($0, try registrar?.answer($1, over: $0, at: now) ?? []) }
            sent = answers.flatMap { index, answer in
                messages(agents[index].receive(answer.span, at: now)).map { (index, $0) }
            }
        }
        let (mine, theirs) = try measureRefreshes(&agents, &registrar, at: &now)
        guard agents.allSatisfy({ if case .registered = $0.registrationState { true } else { false } }) else {
            throw Failed()
        }
        registrar = nil
        let bytes = Int(phonebard_allocated_bytes()) - before
        return withExtendedLifetime(agents) { (bytes, mine, theirs) }
    }

    private func measureRefreshes(
        _ agents: inout [UserAgent], _ registrar: inout Far?, at now: inout Instant
    ) throws -> (agent: Double, registrar: Double) {
        var (mine, theirs) = (0.0, 0.0)
        for _ in 0..<rounds {
            now = now + .seconds(225)
            let start = processorTime()
            var sent: [[UInt8]] = []
            for index in agents.indices { sent += messages(agents[index].handle(.deadlineReached, at: now)) }
            let asked = processorTime()
            guard sent.count == agents.count else { throw Failed() }
            let answers = try sent.enumerated().map { try registrar?.answer($1, over: $0, at: now) ?? [] }
            let answered = processorTime()
            for (index, answer) in answers.enumerated() { _ = agents[index].receive(answer.span, at: now) }
            mine += processorTime() - answered + asked - start
            theirs += answered - asked
        }
        let refreshes = Double(rounds * agents.count)
        return (mine / refreshes * 1e6, theirs / refreshes * 1e6)
    }

    private func makeAgent(_ index: Int) -> UserAgent {
        var randomness = Randomness.seeded(UInt64(index))
        let user = "agent\(index)"
        var configuration = UserAgent.Configuration(
            addressOfRecord: NameAddress(URI(user: user, host: "example.com")), randomness: &randomness)
        configuration.credentials = .init(username: user, password: Redacted("secret"))
        configuration.instanceID = "urn:uuid:00000000-0000-4000-8000-\(String(100_000_000_000 + index))"
        return UserAgent(configuration: configuration, randomness: randomness)
    }

    /// The registrar's end of all connections, without transactions.
    private struct Far {
        private var registrar = Registrar()
        private var verifier = DigestVerifier(configuration: .init(realm: "example.com"), randomness: .seeded(0))

        mutating func answer(_ message: [UInt8], over flow: Int, at now: Instant) throws -> [UInt8] {
            guard case .request(let request) = try Message(message.span) else { throw Failed() }
            let user = request.to.uri.user ?? ""
            switch verifier.check(request, username: user, password: Redacted("secret"), at: now) {
            case .challenge(let headers):
                return Response(to: request, status: 401, tag: "t", headers: headers).bytes
            case .refused(let status):
                return Response(to: request, status: status, tag: "t").bytes
            case .authentic(let headers):
                let outcome = registrar.register(request, over: .init(UInt64(flow)), at: now)
                var response = Response(to: request, status: outcome.status, tag: "t", headers: outcome.headers)
                response.headers.append(headers)
                return response.bytes
            }
        }
    }
}

/// One agent on each end of a connection.
extension Registrations {
    private func measureTransactions() throws -> (register: Double, invite: Double) {
        var pair = Pair()
        let start = processorTime()
        for _ in 0..<transactions { try pair.register() }
        let registered = processorTime()
        for number in 0..<transactions { try pair.invite(UInt64(number)) }
        let invited = processorTime()
        let scale = 1e6 / Double(transactions)
        return ((registered - start) * scale, (invited - registered) * scale)
    }

    private struct Pair {
        private var near: UserAgent
        private var far: UserAgent
        private var now = Instant(nanoseconds: 0)

        init() {
            var randomness = Randomness.seeded(1)
            near = UserAgent(
                configuration: .init(
                    addressOfRecord: NameAddress(URI(user: "near", host: "example.com")), randomness: &randomness),
                randomness: .seeded(2))
            var configuration = UserAgent.Configuration(
                addressOfRecord: NameAddress(URI(user: "far", host: "example.com")), randomness: &randomness)
            configuration.accepted = [.invite, .register]
            far = UserAgent(configuration: configuration, randomness: .seeded(3))
            _ = (near.handle(.transportConnected, at: now), far.handle(.transportConnected, at: now))
        }

        /// REGISTER and 200.
        mutating func register() throws {
            exchange(near.handle(.register(expires: .seconds(300)), at: now))
            guard case .registered = near.registrationState else { throw Failed() }
        }

        /// INVITE, 200, ACK, then BYE, 200 and the end of every transaction.
        mutating func invite(_ number: UInt64) throws {
            let call = CallHandle.outgoing(number)
            var told = exchange(near.handle(.invite(call, target: far.configuration.contact), at: now))
            guard told.contains(where: { if case .callConfirmed = $0 { true } else { false } }) else { throw Failed() }
            told = exchange(near.handle(.hangUp(call), at: now))
            guard told.contains(.callEnded(call, .hungUp)) else { throw Failed() }
            now = now + .seconds(33)
            exchange(near.handle(.deadlineReached, at: now))
            told = far.handle(.deadlineReached, at: now)
        }

        /// Carries messages to and fro until there are no more; what the agents told, in order.
        @discardableResult
        private mutating func exchange(_ outputs: [UserAgent.Output]) -> [UserAgent.Output] {
            var told = outputs
            var (out, isNear) = (outputs, true)
            while true {
                var next: [UserAgent.Output] = []
                for output in out {
                    if case .transmit(let message) = output {
                        next +=
                            isNear
                            ? answered(far.receive(message.span, at: now)) : near.receive(message.span, at: now)
                    }
                }
                guard !next.isEmpty else { return told }
                told += next
                (out, isNear) = (next, !isNear)
            }
        }

        /// The far end takes every request and every call.
        private mutating func answered(_ outputs: [UserAgent.Output]) -> [UserAgent.Output] {
            outputs.flatMap { output -> [UserAgent.Output] in
                switch output {
                case .request(let token, _): far.handle(.respond(token, status: 200), at: now)
                case .incomingCall(let call, _): far.handle(.answer(call, status: 200), at: now)
                default: [output]
                }
            }
        }
    }
}

private func messages(_ outputs: [UserAgent.Output]) -> [[UInt8]] {
    outputs.compactMap { if case .transmit(let message) = $0 { message } else { nil } }
}

private func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
