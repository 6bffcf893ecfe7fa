import ControlAPI
import Wire

/// Where the bearer tokens are kept; usable from any thread.
package protocol Tokens: Sendable {
    var all: [AccessToken] { get }

    /// The token a secret is, nil when it is none; counts as a use.
    func token(for secret: Redacted<String>) -> AccessToken?

    /// Both may wait for a disk.
    func create(_ request: TokenRequest) throws(Problem) -> TokenRegistry.Created
    func revoke(_ id: String) throws(Problem)
}
