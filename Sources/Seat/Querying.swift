import ControlAPI
import Dialect
import Wire

/// A question to the platform's user API that is under way.
struct Query: Sendable {
    let command: CommandID
    let query: any WebQuery
    let deadline: Instant

    func result(_ body: [UInt8]?) -> Result<JSON, Problem> {
        Result { () throws(Problem) in try query.answer(body) }
    }
}

/// `webApiHandler`: what the platform knows of groups and colleagues.
extension Seat {
    private static let mostQueries = 16

    mutating func query(_ name: String, _ parameters: [String: String], _ id: CommandID, at now: Moment) -> [Output] {
        do throws(Problem) {
            guard let user else {
                throw .userUnknown.with(result: ["status": 50001, "info": .string(SDKCode.badParameter.info)])
            }
            let query = try dialect.query(name, parameters, user: user)
            guard queries.count < Self.mostQueries else { throw .tooManyRequests }
            let fetch = nextFetch()
            queries[fetch] = Query(command: id, query: query, deadline: now.instant + configuration.answerTime)
            return [.fetch(fetch, query.url)]
        } catch {
            return refuse(id, error)
        }
    }

    mutating func queryDeadlines(at now: Moment) -> [Output] {
        let due = queries.filter { $0.value.deadline <= now.instant }
        for id in due.keys { queries[id] = nil }
        return due.values.flatMap { refuse($0.command, .platformSilent) }
    }
}
