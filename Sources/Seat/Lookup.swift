import ControlAPI
import Dialect
import Wire

/// A `getUser` under way.
struct Lookup: Sendable {
    /// Nil for the automatic login's.
    let command: CommandID?
    var steps: any UserLookup
    var fetch: FetchID
    let deadline: Instant
}

extension Seat {
    /// Its steps are up to seven requests one after the other, so the whole gets more time than a single answer.
    private static let lookupTime = Duration.seconds(30)

    mutating func getUser(_ parameters: Command.GetUser, _ id: CommandID?, at now: Moment) -> [Output] {
        let superseded = refuse(lookup?.command, .superseded)
        if id != nil { automaticLogin = nil }
        let credentials = Credentials(
            extensionNumber: parameters.un, password: parameters.pwd, switchboardNumber: parameters.switchnumber)
        lookup = Lookup(
            command: id,
            steps: dialect.lookup(
                credentials, telephone: parameters.telephone, randomness: .seeded(randomness.next())),
            fetch: nextFetch(), deadline: now.instant + Self.lookupTime)
        return superseded + advanceLookup(.start, at: now)
    }

    mutating func fetched(_ id: FetchID, _ body: [UInt8]?, at now: Moment) -> [Output] {
        if let query = queries.removeValue(forKey: id) { return [.reply(query.command, query.result(body))] }
        guard id == lookup?.fetch else { return [] }
        return advanceLookup(.fetched(body), at: now)
    }

    mutating func lookupDeadline(at now: Moment) -> [Output] {
        guard let lookup, lookup.deadline <= now.instant else { return [] }
        self.lookup = nil
        return lookupFailed(.platformSilent.with(code: .serverError), lookup.command, at: now)
    }

    private mutating func advanceLookup(_ input: UserLookupInput, at now: Moment) -> [Output] {
        guard let output = lookup?.steps.handle(input, at: now) else { return [] }
        let command = lookup?.command
        switch output {
        case .fetch(let url):
            let fetch = nextFetch()
            lookup?.fetch = fetch
            return [.fetch(fetch, url)]
        case .found(let user):
            self.user = user
            lookup = nil
            return command.map { [.reply($0, .success(user.data))] } ?? initializeAutomatically(at: now)
        case .failed(let problem):
            lookup = nil
            return lookupFailed(problem, command, at: now)
        }
    }

    private mutating func lookupFailed(_ problem: Problem, _ command: CommandID?, at now: Moment) -> [Output] {
        command.map { refuse($0, problem) } ?? automaticLoginFailed(problem, at: now)
    }

    mutating func nextFetch() -> FetchID {
        lastRequest += 1
        return FetchID(rawValue: lastRequest)
    }
}
