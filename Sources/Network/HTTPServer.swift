import Crypto
import HTTP
import HTTPTypes
import Logging
import Wire

/// An HTTP/1.1 and WebSocket server on Dispatch sockets.
///
/// All its connections live on one serial queue. A request's closure runs there too and must be brief: it answers at once
/// or keeps the ``Responder`` and answers later, from any thread.
package final class HTTPServer: Sendable {
    package typealias RequestClosure = @Sendable (_ request: IncomingRequest, _ responder: Responder) -> Void

    package init(configuration: Configuration, logger: Logger, onRequest: @escaping RequestClosure) {}

    /// Opens the listeners, all of them or none; returns their addresses with the actual ports, in the order configured.
    package func start() throws(StartFailure) -> [Endpoint] { [] }

    /// Stops accepting, lets requests in flight finish, closes WebSockets with 1001; cuts what is left after the grace period.
    package func stop() async {}

    package enum StartFailure: Error {
        case listen(Endpoint, SystemError)
    }
}

extension HTTPServer {
    package struct Configuration: Sendable {
        /// A port may be 0.
        package var endpoints: [Endpoint]
        /// What makes it speak TLS.
        package var tls: TLSContext?
        package var limits: Limits
        package var gracePeriod = Duration.seconds(5)

        package init(endpoints: [Endpoint], tls: TLSContext? = nil, limits: Limits = Limits()) {
            self.endpoints = endpoints
            self.tls = tls
            self.limits = limits
        }
    }

    package struct Limits: Sendable {
        package var connections = 1024
        /// Bytes of a request's header section, its request line included.
        package var header = 16 * 1024
        package var body = 1024 * 1024
        package var webSocketMessage = 1024 * 1024
        /// Bytes that may wait to be sent on one WebSocket before it is cut off.
        package var webSocketQueue = 1024 * 1024
        /// From the first byte of a request to its last, a TLS handshake counted in.
        package var requestTime = Duration.seconds(10)
        /// Between two requests of a connection.
        package var idleTime = Duration.seconds(60)
        package var pingInterval = Duration.seconds(20)
        /// How long nothing may come on a WebSocket before the peer counts as dead.
        package var silenceLimit = Duration.seconds(45)

        package init() {}
    }
}
