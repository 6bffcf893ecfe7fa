import ControlAPI
import ControlServer
import Dispatch
import Foundation
import Glibc
import Synchronization
import Wire

/// The bearer tokens in the state directory; several processes may use it at a time.
///
/// `tokens.json` holds the digests of all but the token of the first start, which is kept readable in `token`. Both are
/// looked at again with every request, so that what another process changes is true at once.
package final class TokenStore: Sendable {
    package enum Failure: Error, Hashable, CustomStringConvertible {
        case unusable(path: String, reason: String)

        package var description: String {
            switch self {
            case .unusable(let path, let reason): "cannot use \(path): \(reason)"
            }
        }
    }

    private struct State {
        var registry = TokenRegistry()
        var stamps: [StateFile.Stamp?] = []
        /// Why the files could not be read the last time.
        var failure: Failure?
        /// Unix time in seconds before which uses are only remembered.
        var nextSave: Int64 = 0
    }

    private static let saveInterval: Int64 = 60

    private let directory: String
    private let file: StateFile
    private let firstStart: StateFile
    private let state = Mutex(State())
    private let report: @Sendable (Failure) -> Void

    /// - Parameter report: told when a file becomes unusable later, which ends the tokens in it.
    package init(
        directory: String, report: @escaping @Sendable (Failure) -> Void = { _ in }
    ) throws(Failure) {
        self.directory = directory
        self.report = report
        file = StateFile(path: directory + "/tokens.json")
        firstStart = StateFile(path: directory + "/token")
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .unusable(path: directory, reason: "the folder cannot be made")
        }
        try state.withLock { state throws(Failure) in
            state.stamps = stamps
            state.registry = try load()
        }
    }

    /// Makes the token of the first start unless there is one.
    package func makeFirst() throws(Failure) {
        try locked { () throws(Failure) in
            guard try read(firstStart) == nil else { return }
            var randomness = Randomness.system
            try replace(firstStart, with: Array((TokenRegistry.secret(using: &randomness).value + "\n").utf8))
        }
    }

    /// Writes down what was used when.
    package func save() {
        do throws(Failure) {
            _ = try change { (_: inout TokenRegistry) throws(Problem) in () }
        } catch {
            report(error)
        }
    }
}

extension TokenStore: Tokens {
    package var all: [AccessToken] {
        state.withLock { state in
            refresh(&state)
            return state.registry.tokens
        }
    }

    package func token(for secret: Redacted<String>) -> AccessToken? {
        let now = Int64(time(nil))
        let (token, savesNow) = state.withLock { state -> (AccessToken?, Bool) in
            refresh(&state)
            guard let token = state.registry.token(for: secret) else { return (nil, false) }
            state.registry.used(token.id, at: now)
            guard now >= state.nextSave else { return (token, false) }
            state.nextSave = now + Self.saveInterval
            return (token, true)
        }
        if savesNow { DispatchQueue.global(qos: .utility).async { self.save() } }
        return token
    }

    package func create(_ request: TokenRequest) throws(Problem) -> TokenRegistry.Created {
        try changeOrProblem { registry throws(Problem) in
            var randomness = Randomness.system
            return try registry.create(request, at: Int64(time(nil)), using: &randomness)
        }
    }

    package func revoke(_ id: String) throws(Problem) {
        try changeOrProblem { registry throws(Problem) in
            try registry.revoke(id)
            if id == TokenRegistry.firstStart { unlink(self.firstStart.path) }
        }
    }

    private func changeOrProblem<Result: Sendable>(
        _ body: (inout TokenRegistry) throws(Problem) -> Result
    ) throws(Problem) -> Result {
        let result: Swift.Result<Result, Problem>
        do throws(Failure) {
            result = try change(body)
        } catch {
            report(error)
            throw .stateUnwritable
        }
        return try result.get()
    }
}

extension TokenStore {
    /// Changes what is in the file now, with no other process in between.
    private func change<Result: Sendable>(
        _ body: (inout TokenRegistry) throws(Problem) -> Result
    ) throws(Failure) -> Swift.Result<Result, Problem> {
        try locked { () throws(Failure) in
            let before = try load()
            var registry = before
            state.withLock { $0.registry }.copyUses(to: &registry)
            let result = Swift.Result { () throws(Problem) in try body(&registry) }
            if registry.file != before.file { try replace(file, with: registry.file) }
            state.withLock { state in
                state.stamps = stamps
                state.registry = registry
            }
            return result
        }
    }

    private var stamps: [StateFile.Stamp?] { [file.stamp, firstStart.stamp] }

    /// Reads the files again when another process has changed them; what cannot be read grants nothing, and is read again
    /// with the next request.
    private func refresh(_ state: inout State) {
        let stamps = stamps
        guard stamps != state.stamps else { return }
        var registry = TokenRegistry()
        do throws(Failure) {
            registry = try load()
            state.registry.copyUses(to: &registry)
            state.stamps = stamps
            state.failure = nil
        } catch {
            if state.failure != error { report(error) }
            state.failure = error
        }
        state.registry = registry
    }

    private func load() throws(Failure) -> TokenRegistry {
        var registry = TokenRegistry()
        if let bytes = try read(file) {
            do throws(TokenRegistry.Failure) {
                registry = try TokenRegistry(file: bytes.span)
            } catch {
                throw .unusable(path: file.path, reason: "it is damaged")
            }
        }
        if let bytes = try read(firstStart) {
            let secret = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard secret.utf8.count >= 32 else {
                throw .unusable(path: firstStart.path, reason: "it holds no token")
            }
            registry.adopt(firstStart: Redacted(secret), created: firstStart.stamp?.created ?? 0)
        }
        return registry
    }

    private func read(_ file: StateFile) throws(Failure) -> [UInt8]? {
        do throws(StateFile.Failure) {
            return try file.read()
        } catch {
            throw .unusable(path: file.path, reason: error.reason)
        }
    }

    private func replace(_ file: StateFile, with bytes: [UInt8]) throws(Failure) {
        do throws(StateFile.Failure) {
            try file.replace(with: bytes)
        } catch {
            throw .unusable(path: file.path, reason: error.reason)
        }
    }

    private func locked<Result>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        let path = directory + "/tokens.lock"
        do {
            return try withFileLock(at: path, body)
        } catch let failure as Failure {
            throw failure
        } catch {
            throw .unusable(path: path, reason: (error as? StateFile.Failure)?.reason ?? "it cannot be locked")
        }
    }
}

extension TokenRegistry {
    fileprivate func copyUses(to other: inout TokenRegistry) {
        for token in tokens {
            if let lastUsed = token.lastUsed { other.used(token.id, at: lastUsed) }
        }
    }
}
