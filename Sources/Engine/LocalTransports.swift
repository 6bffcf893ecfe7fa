import ICE
import Logging
import Network
import Wire

/// The ways the datagrams of a media path come and go: a socket on each local address, and relays.
///
/// Owned and used on its executor only, where the callbacks run as well.
final class LocalTransports {
    struct Callbacks {
        var onReceive: (_ datagram: Span<UInt8>, _ remote: Endpoint, _ local: Endpoint, _ arrival: Instant) -> Void
        /// A STUN server is known by its address.
        var onServer: (Endpoint) -> Void
        /// A relay has an address for us; the address we are seen at is told where it is the peer's business.
        var onRelayed: (_ relayed: Endpoint, _ related: Endpoint?, _ rank: Int) -> Void
        /// A relay has ended that lent us this address, nil if it had not come to that.
        var onRelayLost: (Endpoint?) -> Void
    }

    private let ice: ICEConfiguration
    private let executor: QueueExecutor
    private let logger: Logger
    private let callbacks: Callbacks
    private var sockets: [UDPSocket] = []
    private var relays: [Relay] = []
    private var lookups = 0

    init(_ ice: ICEConfiguration, on executor: QueueExecutor, logger: Logger, callbacks: Callbacks) {
        self.ice = ice
        self.executor = executor
        self.logger = logger
        self.callbacks = callbacks
    }

    /// Opens the sockets that these addresses lack; gives those of all of them.
    func open(on addresses: [IPAddress]) -> [Endpoint] {
        if ice.policy == .all {
            for address in addresses where !sockets.contains(where: { $0.localEndpoint.address == address }) {
                do throws(SystemError) {
                    sockets.append(try makeSocket(on: address))
                } catch {
                    logger.warning("no media socket", metadata: ["reason": "\(error)"])
                }
            }
        }
        return sockets.map(\.localEndpoint).filter { addresses.contains($0.address) }
    }

    /// Finds the servers, and asks those for relays that lend none over these addresses. A TURN server knows what a STUN
    /// server knows.
    func gather(on addresses: [IPAddress]) {
        for (rank, server) in ice.servers.enumerated() {
            switch server.uri.kind {
            case .stun: lookUp(server.uri)
            case .turn(let transport):
                if transport == .udp { lookUp(server.uri) }
                let relay = relays.first { $0.rank == rank && $0.localAddress.map(addresses.contains) == true }
                if let relay { announce(relay) } else { relays.append(makeRelay(server, over: transport, rank: rank)) }
            }
        }
    }

    private func announce(_ relay: Relay) {
        guard let relayed = relay.relayed else { return }
        callbacks.onRelayed(relayed, ice.policy == .all ? relay.mapped : nil, relay.rank)
    }

    /// Whether a server may still answer that has not.
    var isPending: Bool { lookups > 0 || relays.contains(where: \.isPending) }

    func send(_ datagram: Span<UInt8>, from local: Endpoint, to remote: Endpoint) {
        for socket in sockets where socket.localEndpoint == local {
            _ = socket.send(datagram, to: remote)
            return
        }
        for relay in relays where relay.relayed == local {
            relay.send(datagram, to: remote)
            return
        }
    }

    /// From now on datagrams wait for ``read()``, but for those of transports that are opened later.
    func holdBack() {
        for socket in sockets { socket.holdBack() }
        for relay in relays { relay.holdBack() }
    }

    /// Hands over what was held back: that of sockets to whoever asks.
    func read(_ receive: (_ datagram: Span<UInt8>, _ remote: Endpoint, _ local: Endpoint, _ arrival: Instant) -> Void) {
        for socket in sockets where socket.isReadOnDemand {
            let local = socket.localEndpoint
            socket.read { receive($0, $1, local, $2) }
        }
        for relay in relays where relay.isReadOnDemand { relay.read() }
    }

    /// Whether what leaves from here still can, when the machine has these addresses.
    func works(_ local: Endpoint, on addresses: [IPAddress]) -> Bool {
        let source = relays.first { $0.relayed == local }.map(\.localAddress) ?? local.address
        return source.map(addresses.contains) ?? false
    }

    /// Closes what is not needed any more.
    func close(unless isNeeded: (Endpoint) -> Bool) {
        for socket in sockets where !isNeeded(socket.localEndpoint) { socket.close() }
        sockets.removeAll { !isNeeded($0.localEndpoint) }
        for relay in relays where relay.relayed.map(isNeeded) == false { relay.close() }
        relays.removeAll { $0.relayed.map(isNeeded) == false }
    }

    func close() {
        for socket in sockets { socket.close() }
        for relay in relays { relay.close() }
        sockets = []
        relays = []
    }

    private func makeSocket(on address: IPAddress) throws(SystemError) -> UDPSocket {
        let name = EndpointBox()
        let socket = try UDPSocket(binding: Endpoint(address, port: 0), on: executor) {
            [callbacks] datagram, source, arrival in
            if let local = name.endpoint { callbacks.onReceive(datagram, source, local, arrival) }
        }
        name.endpoint = socket.localEndpoint
        return socket
    }

    private func lookUp(_ server: ServerURI) {
        guard ice.policy == .all else { return }
        lookups += 1
        HostName.resolve(server.host, port: server.port, on: executor) { [weak self] endpoints in
            self?.lookups -= 1
            for endpoint in endpoints { self?.callbacks.onServer(endpoint) }
        }
    }

    private func makeRelay(_ server: ICEConfiguration.Server, over transport: ServerURI.Transport, rank: Int) -> Relay {
        Relay(
            server, over: transport, rank: rank, trust: ice.trust, on: executor,
            callbacks: Relay.Callbacks(
                onAllocated: { [weak self] in self?.announce($0) },
                onReceive: { [callbacks] in callbacks.onReceive($0, $1, $2, $3) },
                onEnd: { [weak self] relay, reason in self?.ended(relay, reason) }))
    }

    private func ended(_ relay: Relay, _ reason: String) {
        logger.notice("TURN server", metadata: ["number": "\(relay.rank + 1)", "failure": "\(reason)"])
        relays.removeAll { $0 === relay }
        callbacks.onRelayLost(relay.relayed)
    }
}

/// The address a socket is bound to, for a closure that is made before the socket is.
private final class EndpointBox {
    var endpoint: Endpoint?
}
