import ArgumentParser
import Crypto
import Foundation
import HTTP
import HTTPTypes
import Network
import Wire

/// How the daemon is reached.
struct Connection: ParsableArguments {
    @Option(help: ArgumentHelp("Where the control API is, as http://HOST:PORT or https://HOST:PORT.", valueName: "url"))
    var url: String?

    @Option(help: ArgumentHelp("The daemon's Unix socket.", valueName: "path"), completion: .file())
    var socket: String?

    @Option(help: ArgumentHelp("A file with the bearer token.", valueName: "path"), completion: .file())
    var tokenFile: String?

    @Option(
        help: ArgumentHelp("PEM file of the certificate authorities to believe.", valueName: "path"),
        completion: .file())
    var caFile: String?

    func validate() throws {
        guard url == nil || socket == nil else { throw ValidationError("--url and --socket exclude each other") }
        guard let url else { return }
        guard WebSocketURL(url, schemes: ("http", "https"))?.target == "/" else {
            throw ValidationError("'\(url)' is not http://HOST:PORT or https://HOST:PORT")
        }
    }
}

/// Where the daemon is and by what right it is asked.
struct Access {
    private static let defaultURL = "http://127.0.0.1:8460"

    /// Without a slash at the end.
    let base: String
    let unixSocket: String?
    let trust: TLSContext.Trust
    private let token: Redacted<String>?

    init(_ connection: Connection, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        let url = connection.url ?? (connection.socket == nil ? environment["PHONEBAR_URL"] : nil)
        unixSocket = url == nil ? connection.socket ?? environment["PHONEBAR_SOCKET"] ?? Self.socket(environment) : nil
        let given = unixSocket == nil ? url ?? Self.defaultURL : "http://localhost"
        base = given.hasSuffix("/") ? String(given.dropLast()) : given
        trust = connection.caFile.map { .authorities(file: $0) } ?? .system
        token = try Self.token(connection.tokenFile, isNeeded: unixSocket == nil, environment)
    }

    var fields: HTTPFields {
        token.map { [.authorization: "Bearer \($0.value)"] } ?? [:]
    }

    /// The daemon's socket where it is by default, if there is one.
    private static func socket(_ environment: [String: String]) -> String? {
        guard let directory = environment["XDG_RUNTIME_DIR"], directory.hasPrefix("/") else { return nil }
        let path = directory + "/phonebard/control.sock"
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    /// A file that was named has to be there, the daemon's own need not.
    private static func token(
        _ file: String?, isNeeded: Bool, _ environment: [String: String]
    ) throws -> Redacted<String>? {
        if file == nil, let token = environment["PHONEBAR_TOKEN"] { return Redacted(token) }
        if let named = file ?? environment["PHONEBAR_TOKEN_FILE"] {
            guard let text = try? String(contentsOfFile: named, encoding: .utf8) else {
                throw Ending.unauthorised("the token file \(named) cannot be read")
            }
            return Redacted(text.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        guard isNeeded else { return nil }
        let state = environment["XDG_STATE_HOME"] ?? (environment["HOME"] ?? "") + "/.local/state"
        let text = try? String(contentsOfFile: state + "/phonebard/token", encoding: .utf8)
        return text.map { Redacted($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
}
