import Wire

/// The bindings of a domain's addresses of record (RFC 3261 §10.3), with outbound (RFC 5626 §6) and Path (RFC 3327 §5.3).
///
/// Hand in each REGISTER whose sender is known to be the user of its To, and answer what comes back.
package struct Registrar: Sendable {
    package struct Configuration: Sendable {
        /// Seconds granted when none are asked for, and at most.
        package var longestExpiration = 3600
        /// Fewer seconds are refused by 423.
        package var shortestExpiration = 60
        /// How many telephones an address of record may have; beyond that the one heard of longest ago goes.
        package var bindingsPerAddress = 8
        package var addresses = 10_000

        package init() {}
    }

    /// The answer to a REGISTER and what has changed by it.
    package struct Outcome: Sendable, Equatable {
        package var status: Int
        package var headers: Headers = [:]
        /// The bindings made or refreshed.
        package var bound: [Binding] = []
        /// Those that are gone: taken back, or replaced by one over another flow.
        package var removed: [Binding] = []
    }

    private let configuration: Configuration
    private var bindings: [AddressOfRecord: [Binding]] = [:]
    private var expiries = Deadlines<AddressOfRecord>()

    package init(configuration: Configuration = Configuration()) { self.configuration = configuration }

    /// When to call ``deadlineReached(at:)`` if nothing else happens first.
    package var deadline: Instant? { expiries.first }

    /// What is bound to the address of record, the most preferred first, of equals the latest (RFC 3261 §10.2.1.2).
    package func bindings(of address: URI) -> [Binding] {
        (bindings[AddressOfRecord(address)] ?? []).sorted {
            ($0.contact.preference, $0.updated) > ($1.contact.preference, $1.updated)
        }
    }

    /// Takes a REGISTER that came over a flow. It is carried out as a whole or not at all.
    package mutating func register(_ request: Request, over flow: Flow, at now: Instant) -> Outcome {
        let address = AddressOfRecord(request.to.uri)
        let before = bindings[address] ?? []
        do throws(Refusal) {
            let changes = try Changes(request, over: flow, within: configuration, at: now)
            var after = before
            for change in changes.all { try change.carryOut(on: &after, for: request) }
            let excess = after.count - configuration.bindingsPerAddress
            if excess > 0 { after = Array(after.sorted { $0.updated < $1.updated }.dropFirst(excess)) }
            guard !before.isEmpty || bindings.count < configuration.addresses else { throw Refusal(status: 503) }
            keep(after, of: address)
            return outcome(of: request, from: before, to: after, at: now)
        } catch {
            return Outcome(status: error.status, headers: error.headers)
        }
    }

    /// Forgets what was bound over a connection that is gone.
    package mutating func flowFailed(_ flow: Flow) -> [Binding] {
        bindings.filter { $0.value.contains { $0.flow == flow } }.keys.flatMap { remove(from: $0) { $0.flow == flow } }
    }

    /// Forgets what has expired.
    package mutating func deadlineReached(at now: Instant) -> [Binding] {
        expiries.takeDue(at: now).flatMap { remove(from: $0) { $0.expiry <= now } }
    }

    private mutating func remove(from address: AddressOfRecord, where isGone: (Binding) -> Bool) -> [Binding] {
        let all = bindings[address] ?? []
        keep(all.filter { !isGone($0) }, of: address)
        return all.filter(isGone)
    }

    private mutating func keep(_ left: [Binding], of address: AddressOfRecord) {
        bindings[address] = left.isEmpty ? nil : left
        expiries.set(left.map(\.expiry).min(), for: address)
    }

    /// A 200 lists every binding there is now (RFC 3261 §10.3 step 8).
    private func outcome(
        of request: Request, from before: [Binding], to after: [Binding], at now: Instant
    ) -> Outcome {
        var outcome = Outcome(status: 200)
        outcome.headers = Headers(after.map { Headers.Field(.contact, $0.contact(at: now).description) })
        outcome.bound = after.filter { !before.contains($0) }
        outcome.removed = before.filter { old in !after.contains { $0.isSame(as: old) && $0.flow == old.flow } }
        if request.headers.supports("path") {
            for value in request.headers.all(.path) { outcome.headers.append(.path, value) }
        }
        if request.headers.supports("outbound"), outcome.bound.contains(where: { $0.registrationID != nil }) {
            outcome.headers.append(.require, "outbound")
        }
        return outcome
    }
}

/// The user and domain of a To, in the form they are looked up by (RFC 3261 §10.3 step 5).
private struct AddressOfRecord: Hashable {
    private let user: String?
    private let host: String

    init(_ uri: URI) { (user, host) = (uri.user?.withoutNeedlessEscapes, uri.host.lowercased()) }
}

/// Why a REGISTER is not carried out.
struct Refusal: Error {
    var status: Int
    var headers: Headers = [:]
}
