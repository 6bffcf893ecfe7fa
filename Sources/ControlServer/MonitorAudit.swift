import ControlAPI
import Logging
import Wire

extension ControlServer {
    /// Who listens in on others leaves two lines in the log: that it was asked, and what came of it.
    func audited(
        _ command: Command, on seat: SeatName, by caller: AccessControl.Caller?,
        completion: @escaping @Sendable (Result<JSON, Problem>) -> Void
    ) -> @Sendable (Result<JSON, Problem>) -> Void {
        guard case .monitor(let verb, let ccNumber) = command else { return completion }
        let asked: Logger.Metadata = [
            "seat": "\(seat.text)", "verb": "\(verb.rawValue)", "ccNumber": "\(ccNumber.prefix(64))",
            "caller": "\(caller.auditName)",
        ]
        logger.notice("monitor: asked", metadata: asked)
        return { [logger] result in
            let outcome = if case .failure(let problem) = result { problem.name } else { "done" }
            logger.notice("monitor: answered", metadata: asked.merging(["outcome": "\(outcome)"]) { $1 })
            completion(result)
        }
    }
}

extension AccessControl.Caller? {
    fileprivate var auditName: String {
        switch self {
        case .token(let token)?: "token \(token.id)"
        case .owner?: "owner"
        case nil: "nobody"
        }
    }
}
