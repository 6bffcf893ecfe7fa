import Network
import Wire

extension IPAddress {
    /// The addresses of this machine that a peer may reach: link-local ones need a zone no candidate can carry, and
    /// loopback ones serve only where the peer is on this machine too.
    package static func reachable(includingLoopback: Bool) throws(SystemError) -> [IPAddress] {
        try LocalInterface.all().map(\.address).filter { address in
            !address.isLinkLocal && (includingLoopback || !address.isLoopback)
        }
    }

    private var isLinkLocal: Bool {
        switch self {
        case .v4(let bits): bits >> 16 == 0xA9FE
        case .v6(let high, _): high >> 54 == 0xFE80 >> 6
        }
    }
}
