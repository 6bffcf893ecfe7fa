import Testing
import Wire

@testable import SIP

@Suite("Registration")
final class RegistrationTests {
    private var randomness = Randomness.seeded(1)
    private lazy var registration = Registration(contact: NameAddress(URI(user: "a", host: "x.invalid")))

    private func handle(_ input: Registration.Input, at seconds: Double = 0) -> [Registration.Output] {
        handle(input, on: .at(seconds))
    }

    private func handle(_ input: Registration.Input, on instant: Instant) -> [Registration.Output] {
        registration.handle(input, at: instant, using: &randomness)
    }

    private func response(_ status: Int, _ headers: Headers = [:]) -> Registration.Input {
        let request = Request(
            .register, target: URI(host: "r"), from: NameAddress(URI(host: "r")), to: NameAddress(URI(host: "r")),
            callID: "c", sequence: 1)
        return .response(Response(to: request, status: status, tag: "t", headers: headers))
    }

    private func register(_ lifetime: Int = 600) {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: lifetime))
        _ = handle(response(200, [.contact: "<sip:o@y>;expires=7, <sip:a@x.invalid>;expires=\(lifetime)"]))
    }

    /// The failure that was told, until when a binding stands, and after how many seconds the next try comes.
    private func failure(
        _ outputs: [Registration.Output], at seconds: Double = 0
    ) throws -> (failure: Registration.Failure, until: Instant?, pause: Double?) {
        guard outputs.count == 1, case .state(.failed(let failure, let until, let retry)) = outputs[0] else {
            throw Unexpected(outputs: outputs)
        }
        return (failure, until, retry.map { ($0 - .at(seconds)) / .seconds(1) })
    }

    private struct Unexpected: Error { let outputs: [Registration.Output] }

    @Test("nothing is sent before there is a connection")
    func waits() {
        #expect(handle(.register(seconds: 600)) == [])
        #expect(handle(.transportConnected) == [.state(.registering), .send(seconds: 600)])
    }

    @Test("the binding lasts as long as the registrar says for our contact, and is refreshed before (RFC 3261 §10.2.4)")
    func refresh() {
        register(600)
        #expect(registration.state == .registered(until: .at(600)))
        #expect(registration.deadline == .at(450))
        #expect(handle(.deadlineReached, at: 449) == [])
        #expect(handle(.deadlineReached, at: 450) == [.state(.refreshing(until: .at(600))), .send(seconds: 600)])
        #expect(handle(response(200, [.expires: "1000"]), at: 451) == [.state(.registered(until: .at(1451)))])
        #expect(registration.deadline == .at(1201))
    }

    @Test(
        "a lifetime the registrar has shortened is refreshed the sooner, with time for two transactions if it has it",
        arguments: [(3600, 2700.0), (300, 225), (200, 136), (100, 50), (6, 3), (1, 0.5)])
    func margin(_ lifetime: Int, refresh: Double) {
        register(lifetime)
        #expect(registration.deadline == .at(refresh))
    }

    @Test("without any expiration in the answer it is the one asked for")
    func noExpiration() {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 6))
        #expect(handle(response(200)) == [.state(.registered(until: .at(6)))])
    }

    @Test(
        "a 200 that lists others and not our contact is no registration: it is tried again (RFC 3261 §10.2.4)",
        arguments: ["<sip:o@y>;expires=7", "<sip:a@y.invalid>"])
    func unlisted(_ contacts: String) throws {
        register(600)
        _ = handle(.deadlineReached, at: 450)
        let told = try failure(handle(response(200, [.contact: contacts]), at: 451), at: 451)
        #expect(told.failure == .unlisted)
        #expect(told.until == nil)
        #expect(0.5...1 ~= told.pause ?? 0)
        #expect(handle(.deadlineReached, at: 452) == [.state(.registering), .send(seconds: 600)])
        #expect(handle(response(200), at: 452) == [.state(.registered(until: .at(1052)))])
    }

    @Test("a refresh that is not answered before the binding ends is a new registration")
    func expired() throws {
        register(60)
        _ = handle(.deadlineReached, at: 30)
        #expect(registration.deadline == .at(60))
        #expect(handle(.deadlineReached, at: 60) == [.state(.registering)])
        let told = try failure(handle(.failed(.timedOut), at: 62), at: 62)
        #expect(told.failure == .timedOut)
        #expect(told.until == nil)
        #expect(0.5...1 ~= told.pause ?? 0)
    }

    @Test("423 is answered once with the least the registrar takes (RFC 3261 §10.2.8)")
    func intervalTooBrief() throws {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 60))
        #expect(handle(response(423, [.minExpires: "300"])) == [.send(seconds: 300)])
        let again = try failure(handle(response(423, [.minExpires: "301"])))
        #expect(again.failure == .rejected(status: 423, reason: "Interval Too Brief"))
        #expect(handle(.deadlineReached, at: 2) == [.state(.registering), .send(seconds: 300)])
        #expect(handle(response(200), at: 2) == [.state(.registered(until: .at(302)))])
    }

    @Test("a redirection is followed once, to the domain of its best SIP Contact (RFC 3261 §8.1.3.4)")
    func redirected() throws {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 60))
        let contacts = "<sip:a@worse.example>;q=0.5, <mailto:a@b>;q=0.9, <sip:a@better.example:5070;transport=ws>;q=0.7"
        let better = URI(host: "better.example", port: 5070)
        #expect(handle(response(302, [.contact: contacts])) == [.send(seconds: 60, to: better)])
        #expect(handle(response(423, [.minExpires: "90"])) == [.send(seconds: 90, to: better)])
        let told = try failure(handle(response(301, [.contact: "<sip:other.example>"])))
        #expect(told.failure == .rejected(status: 301, reason: "Moved Permanently"))
        #expect(handle(.deadlineReached, at: 2) == [.state(.registering), .send(seconds: 90)])
        #expect(handle(response(200), at: 2) == [.state(.registered(until: .at(92)))])
    }

    @Test(
        "a redirection that names no registrar is a rejection, and so are 305 and 380 (RFC 3261 §21.3)",
        arguments: [(302, nil), (302, "<tel:1>"), (302, "<>"), (305, "<sip:a@b>"), (380, "<sip:a@b>")]
            as [(Int, String?)])
    func redirectedNowhere(_ status: Int, _ contact: String?) throws {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 60))
        let told = try failure(handle(response(status, contact.map { [.contact: $0] } ?? [:])))
        #expect(told.pause != nil)
    }

    @Test("un-registering follows a redirection too")
    func redirectedFarewell() {
        register()
        #expect(handle(.unregister) == [.state(.unregistering), .send(seconds: 0)])
        let other = URI(host: "other.example")
        #expect(handle(response(302, [.contact: "<sip:other.example>"])) == [.send(seconds: 0, to: other)])
        #expect(handle(response(200)) == [.state(.unregistered)])
    }

    @Test("423 without a longer Min-Expires is a rejection", arguments: ["60", "x", "99999999999999999999"])
    func badIntervalTooBrief(_ least: String) throws {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 60))
        let told = try failure(handle(response(423, [.minExpires: least])))
        #expect(told.failure == .rejected(status: 423, reason: "Interval Too Brief"))
    }

    @Test("a rejection that no other try can help is told and is final", arguments: [401, 403, 404, 407])
    func final(_ status: Int) throws {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 60))
        let told = try failure(handle(response(status)))
        #expect(told.failure.isFinal)
        #expect(told.pause == nil)
        #expect(registration.deadline == nil)
        #expect(handle(.transportFailed) == [])
        #expect(handle(.transportConnected) == [])
        #expect(handle(.register(seconds: 60)) == [.state(.registering), .send(seconds: 60)])
    }

    @Test(
        "any other rejection is tried again after 1, 2, 4 … 30 s, cut by up to a half at random (RFC 5626 §4.5)",
        arguments: [302, 400, 408, 480, 500, 503, 504, 600, 603])
    func backOff(_ status: Int) throws {
        _ = handle(.transportConnected)
        var now = 0.0
        var outputs = handle(.register(seconds: 60))
        for longest in [1.0, 2, 4, 8, 16, 30, 30, 30] {
            #expect(outputs == [.state(.registering), .send(seconds: 60)])
            let told = try failure(handle(response(status), at: now), at: now)
            let pause = try #require(told.pause)
            #expect(longest / 2...longest ~= pause)
            #expect(registration.deadline == .at(now) + .milliseconds(Int((pause * 1000).rounded())))
            now += longest
            outputs = handle(.deadlineReached, at: now)
        }
        _ = handle(response(200), at: now)
        _ = handle(.deadlineReached, at: now + 30)
        let told = try failure(handle(response(status), at: now + 31), at: now + 31)
        #expect(1.5...3 ~= told.pause ?? 0)
        #expect(told.until == .at(now + 60))
    }

    @Test("a refresh that fails leaves the binding, whose end is told when it comes before the next try")
    func refreshFails() throws {
        register(60)
        _ = handle(.deadlineReached, at: 30)
        let told = try failure(handle(response(503, [.retryAfter: "40"]), at: 31), at: 31)
        let unavailable = Registration.Failure.rejected(status: 503, reason: "Service Unavailable")
        #expect(told.failure == unavailable)
        #expect(told.until == .at(60))
        #expect(told.pause == 40)
        #expect(registration.deadline == .at(60))
        #expect(
            handle(.deadlineReached, at: 60) == [.state(.failed(unavailable, until: nil, retry: .at(71)))])
        #expect(handle(.deadlineReached, at: 71) == [.state(.registering), .send(seconds: 60)])
    }

    @Test("a refresh that fails and is tried again before the end is still a refresh")
    func refreshAgain() throws {
        register(600)
        _ = handle(.deadlineReached, at: 450)
        _ = handle(response(500), at: 451)
        #expect(handle(.deadlineReached, at: 455) == [.state(.refreshing(until: .at(600))), .send(seconds: 600)])
        #expect(handle(response(200), at: 455) == [.state(.registered(until: .at(1055)))])
    }

    @Test(
        "Retry-After is waited for, but not longer than an hour (RFC 3261 §20.33)",
        arguments: [
            ("120", 120.0), ("18 (in a meeting);duration=3600", 18), ("99999", 3600), ("0", 0.5), ("x", 0.5),
        ])
    func retryAfter(_ value: String, least: Double) throws {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 60))
        let told = try failure(handle(response(503, [.retryAfter: value])))
        #expect(max(least, 1) >= told.pause ?? 0)
        #expect(least <= told.pause ?? 0)
    }

    @Test("Retry-After holds on the next connection too")
    func postponed() throws {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 60))
        _ = handle(response(503, [.retryAfter: "120"]))
        #expect(handle(.transportFailed, at: 5) == [.state(.failed(.transport, until: nil, retry: nil))])
        #expect(registration.deadline == nil)
        let unavailable = Registration.Failure.rejected(status: 503, reason: "Service Unavailable")
        #expect(
            handle(.transportConnected, at: 6) == [.state(.failed(unavailable, until: nil, retry: .at(120)))])
        #expect(handle(.deadlineReached, at: 120) == [.state(.registering), .send(seconds: 60)])
    }

    @Test("unregistering sends an expiration of zero (RFC 3261 §10.2.2)")
    func unregister() {
        register()
        #expect(handle(.unregister) == [.state(.unregistering), .send(seconds: 0)])
        #expect(registration.deadline == nil)
        #expect(handle(response(200)) == [.state(.unregistered)])
    }

    @Test("a farewell that is refused ends the registration as well")
    func unregisterRefused() throws {
        register()
        _ = handle(.unregister)
        let told = try failure(handle(response(500)))
        #expect(told.failure == .rejected(status: 500, reason: "Server Internal Error"))
        #expect(told.pause == nil)
        #expect(registration.deadline == nil)
    }

    @Test("unregistering during a REGISTER waits for its answer (RFC 3261 §10.2)")
    func unregisterMeanwhile() {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 600))
        #expect(handle(.unregister) == [])
        #expect(
            handle(response(200)) == [
                .state(.registered(until: .at(600))), .state(.unregistering), .send(seconds: 0),
            ])
    }

    @Test("unregistering between two tries removes the binding that still stands")
    func unregisterFailed() {
        register()
        _ = handle(.deadlineReached, at: 450)
        _ = handle(response(500), at: 450)
        #expect(handle(.unregister, at: 450) == [.state(.unregistering), .send(seconds: 0)])
    }

    @Test("registering during the farewell registers again after it")
    func registerMeanwhile() {
        register()
        _ = handle(.unregister)
        #expect(handle(.register(seconds: 300)) == [])
        #expect(handle(response(200)) == [.state(.unregistered), .state(.registering), .send(seconds: 300)])
    }

    @Test("the loss of the connection is told, and the next connection registers again (RFC 5626 §4.4)")
    func reconnect() {
        register()
        #expect(handle(.transportFailed) == [.state(.failed(.transport, until: nil, retry: nil))])
        #expect(registration.deadline == nil)
        #expect(registration.binding == nil)
        #expect(handle(.transportConnected) == [.state(.registering), .send(seconds: 600)])
    }

    @Test("a flow whose registrar says Flow-Timer is kept in use, and is dead without a pong (RFC 5626 §4.4.1)")
    func keepAlive() throws {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 3600))
        _ = handle(response(200, [.flowTimer: "100"]))
        var now = Instant.at(0)
        for _ in 0..<20 {
            let due = try #require(registration.deadline)
            #expect(.seconds(80)...(.seconds(100)) ~= due - now)
            #expect(handle(.deadlineReached, on: due) == [.ping])
            #expect(registration.deadline == due + .seconds(10))
            now = due + .seconds(1)
            #expect(handle(.pong, on: now) == [])
        }
        _ = handle(.deadlineReached, on: now + .seconds(100))
        let told = try failure(handle(.deadlineReached, on: now + .seconds(110)))
        #expect(told.failure == .timedOut)
        #expect(told.until == nil)
        #expect(registration.binding == nil)
        let again = handle(.deadlineReached, on: now + .seconds(111))
        #expect(again == [.state(.registering), .send(seconds: 3600)])
    }

    @Test("a Flow-Timer that would have us ping all the time is taken for ten seconds")
    func shortFlowTimer() throws {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 3600))
        _ = handle(response(200, [.flowTimer: "1"]))
        #expect(try #require(registration.deadline) >= .at(8))
    }

    @Test("unregistering without a connection is done at once")
    func unregisterOffline() {
        register()
        _ = handle(.transportFailed)
        #expect(handle(.unregister) == [.state(.unregistered)])
        #expect(handle(.transportConnected) == [])
    }
}
