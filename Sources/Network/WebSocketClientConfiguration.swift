import Crypto
import HTTP
import HTTPTypes
import Wire

extension WebSocketClient {
    package struct Configuration: Sendable {
        package var url: WebSocketURL
        package var subprotocols: [String]
        /// Further fields of the opening handshake, `Origin` for instance.
        package var fields: HTTPFields = [:]
        package var route = ServerRoute()
        /// Whether permessage-deflate is offered and how; SIP messages are short and hold secrets, which compression could
        /// give away by their length, so it is not by default.
        package var compression: WebSocket.Compression?
        /// From ``WebSocketClient/connect()`` to ``Callbacks/onOpen``, DNS and TLS counted in.
        package var connectTime = Duration.seconds(10)
        package var pingInterval = Duration.seconds(7)
        /// How long nothing may come before the peer counts as dead.
        package var silenceLimit = Duration.seconds(14)
        package var messageLimit = 1024 * 1024
        /// Bytes that may wait to be sent.
        package var queueLimit = 1024 * 1024

        package init(url: WebSocketURL, subprotocols: [String] = []) {
            self.url = url
            self.subprotocols = subprotocols
        }
    }

    package struct Callbacks: Sendable {
        /// The connection is open, with the subprotocol the server chose.
        package var onOpen: @Sendable (_ subprotocol: String?) -> Void
        package var onMessage: @Sendable (WebSocket.Message) -> Void
        /// Called exactly once, and last.
        package var onClose: @Sendable (CloseReason) -> Void

        package init(
            onOpen: @escaping @Sendable (_ subprotocol: String?) -> Void,
            onMessage: @escaping @Sendable (WebSocket.Message) -> Void,
            onClose: @escaping @Sendable (CloseReason) -> Void
        ) {
            self.onOpen = onOpen
            self.onMessage = onMessage
            self.onClose = onClose
        }
    }

    package enum CloseReason: Hashable, Sendable {
        case dnsFailed
        case refused
        /// The network failed in another way: unreachable, reset.
        case network(SystemError)
        /// The server's certificate is not acceptable; the error says why.
        case certificateRejected(VerifyError)
        case tlsFailed(TLSFailure)
        /// The file of trusted authorities, of our certificate or of its key cannot be used.
        case tlsFileUnusable(TLSContext.Failure)
        /// The proxy made no tunnel.
        case proxyFailed(ProxyConnect.Failure)
        /// The server answered the opening handshake with another status than 101.
        case handshakeRejected(status: Int)
        /// The server's answer breaks RFC 6455 §4.1.
        case handshakeInvalid(WebSocketOpening.Failure)
        /// Not open within the connect time.
        case timedOut
        /// The peer has been silent for too long.
        case dead
        /// More waited to be sent than the queue may hold.
        case overflowed
        /// Closed by a close frame, the peer's or ours; ``WebSocket/CloseCode/abnormal`` when the connection just ended.
        case closed(WebSocket.CloseCode)
    }
}

extension WebSocketClient.CloseReason {
    init(_ failure: DialFailure) {
        self =
            switch failure {
            case .dnsFailed: .dnsFailed
            case .refused: .refused
            case .timedOut: .timedOut
            case .network(let error): .network(error)
            case .certificateRejected(let why): .certificateRejected(why)
            case .tlsFailed(let failure): .tlsFailed(failure)
            case .tlsFileUnusable(let failure): .tlsFileUnusable(failure)
            case .proxyFailed(let failure): .proxyFailed(failure)
            }
    }

    init(_ failure: StreamFailure) {
        switch failure {
        case .system(let error): self.init(DialFailure(error))
        case .tls(let failure): self.init(DialFailure(failure))
        case .overflowed: self = .overflowed
        }
    }

    init(_ failure: WebSocketOpening.Failure) {
        if case .rejected(let status) = failure {
            self = .handshakeRejected(status: status)
        } else {
            self = .handshakeInvalid(failure)
        }
    }
}
