import Crypto
import ICE

/// The servers that find a way where host candidates do not.
package struct ICEConfiguration: Sendable {
    package enum Policy: String, Sendable, CaseIterable {
        case all
        /// Nothing but relayed candidates: no address of ours is told to the peer, and nothing is sent to it directly.
        case relay
    }

    package struct Server: Sendable {
        package var uri: ServerURI
        /// Who one is to a TURN server.
        package var account: TURNClient.Account?

        package init(_ uri: ServerURI, account: TURNClient.Account? = nil) {
            self.uri = uri
            self.account = account
        }
    }

    package var servers: [Server] = []
    package var policy = Policy.all
    /// Whom to believe about TURN servers over TLS.
    package var trust = TLSContext.Trust.system

    package init() {}
}
