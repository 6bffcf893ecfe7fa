import Testing
import Wire

@testable import SIP

@Suite("Registration")
final class RegistrationTests {
    private let contact = URI(user: "a", host: "x.invalid")
    private lazy var registration = Registration(contact: contact)

    private func handle(_ input: Registration.Input, at seconds: Double = 0) -> [Registration.Output] {
        registration.handle(input, at: .at(seconds))
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

    @Test("nothing is sent before there is a connection")
    func waits() {
        #expect(handle(.register(seconds: 600)) == [])
        #expect(handle(.transportConnected) == [.state(.registering), .send(seconds: 600)])
    }

    @Test("the binding lasts as long as the registrar says for our contact, and is refreshed before (RFC 3261 §10.2.4)")
    func refresh() {
        register(60)
        #expect(registration.state == .registered(until: .at(60)))
        #expect(registration.deadline == .at(54))
        #expect(handle(.deadlineReached, at: 53) == [])
        #expect(handle(.deadlineReached, at: 54) == [.state(.refreshing(until: .at(60))), .send(seconds: 60)])
        #expect(handle(response(200, [.expires: "100"]), at: 55) == [.state(.registered(until: .at(155)))])
        #expect(registration.deadline == .at(145))
    }

    @Test("without any expiration in the answer it is the one asked for; a short one is refreshed half-way")
    func shortLifetime() {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 6))
        #expect(handle(response(200)) == [.state(.registered(until: .at(6)))])
        #expect(registration.deadline == .at(3))
    }

    @Test("a refresh that is not answered before the binding ends is a new registration")
    func expired() {
        register(60)
        _ = handle(.deadlineReached, at: 54)
        #expect(registration.deadline == .at(60))
        #expect(handle(.deadlineReached, at: 60) == [.state(.registering)])
        #expect(handle(.failed(.timedOut), at: 86) == [.state(.failed(.timedOut))])
    }

    @Test("423 is answered with the least the registrar takes (RFC 3261 §10.2.8)")
    func intervalTooBrief() {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 60))
        #expect(handle(response(423, [.minExpires: "300"])) == [.send(seconds: 300)])
        #expect(handle(response(200)) == [.state(.registered(until: .at(300)))])
    }

    @Test("423 without a longer Min-Expires is a rejection", arguments: ["60", "x", "99999999999999999999"])
    func badIntervalTooBrief(_ least: String) {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 60))
        let failure = Registration.Failure.rejected(status: 423, reason: "Interval Too Brief")
        #expect(handle(response(423, [.minExpires: least])) == [.state(.failed(failure))])
    }

    @Test("a rejection is told with its reason and is not tried again by itself")
    func rejected() {
        _ = handle(.transportConnected)
        _ = handle(.register(seconds: 60))
        let failure = Registration.Failure.rejected(status: 403, reason: "Forbidden")
        #expect(handle(response(403)) == [.state(.failed(failure))])
        #expect(handle(.transportFailed) == [])
        #expect(handle(.transportConnected) == [])
        #expect(handle(.register(seconds: 60)) == [.state(.registering), .send(seconds: 60)])
    }

    @Test("unregistering sends an expiration of zero (RFC 3261 §10.2.2)")
    func unregister() {
        register()
        #expect(handle(.unregister) == [.state(.unregistering), .send(seconds: 0)])
        #expect(registration.deadline == nil)
        #expect(handle(response(200)) == [.state(.unregistered)])
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
        #expect(handle(.transportFailed) == [.state(.failed(.transport))])
        #expect(registration.deadline == nil)
        #expect(handle(.transportConnected) == [.state(.registering), .send(seconds: 600)])
    }

    @Test("unregistering without a connection is done at once")
    func unregisterOffline() {
        register()
        _ = handle(.transportFailed)
        #expect(handle(.unregister) == [.state(.unregistered)])
        #expect(handle(.transportConnected) == [])
    }
}
