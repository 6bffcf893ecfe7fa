extension WebSocket {
    /// How this end wants to compress if the peer agrees, RFC 7692.
    ///
    /// As it stands, no context outlives its message at either end. A server with a thousand idle subscribers then holds no
    /// state of zlib's at all, where contexts would cost each of them up to 300 kB; and what one message says cannot be
    /// guessed from the length of the next. Events are mostly shorter than the threshold, and a long snapshot compresses well
    /// alone.
    package struct Compression: Hashable, Sendable {
        /// A message shorter than this is sent as it is; the default is what fits one segment anyway.
        package var threshold = 1024
        /// Whether each end may keep what it compressed for the next message, which pays for many similar messages.
        package var keepsContext = false
        /// The largest window of this end's compressor, 2^8 to 2^15 bytes; the peer may ask for a smaller one.
        package var windowBits = 12
        /// The largest window the peer is let use.
        package var peerWindowBits = 15

        package init() {}
    }

    /// What both ends have agreed on for permessage-deflate, RFC 7692 §7.1.
    package struct Deflation: Hashable, Sendable {
        package struct Direction: Hashable, Sendable {
            package var keepsContext: Bool
            package var windowBits: Int

            package init(keepsContext: Bool = true, windowBits: Int = 15) {
                self.keepsContext = keepsContext
                self.windowBits = windowBits
            }
        }

        /// From the client to the server.
        package var client: Direction
        /// From the server to the client.
        package var server: Direction
        /// The ``Compression/threshold`` of this end.
        package var threshold: Int

        package init(client: Direction = Direction(), server: Direction = Direction(), threshold: Int = 0) {
            self.client = client
            self.server = server
            self.threshold = threshold
        }

        func sending(_ role: Role) -> Direction { role == .client ? client : server }
        func receiving(_ role: Role) -> Direction { role == .client ? server : client }
    }
}

/// The parameters of one offer of permessage-deflate or of the answer to it, RFC 7692 §7.1.
private struct Parameters {
    static let name = "permessage-deflate"

    enum WindowBits: Equatable { case absent, any, exactly(Int) }

    var serverKeepsContext = true
    var clientKeepsContext = true
    var serverWindowBits = WindowBits.absent
    var clientWindowBits = WindowBits.absent

    /// Nil for an unknown parameter, one that comes twice, and a value that is wrong, §7.1.
    init?(_ element: WebSocketExtension) {
        guard element.name == Self.name, Set(element.parameters.map(\.name)).count == element.parameters.count else {
            return nil
        }
        for parameter in element.parameters {
            switch (parameter.name, parameter.value) {
            case ("server_no_context_takeover", nil): serverKeepsContext = false
            case ("client_no_context_takeover", nil): clientKeepsContext = false
            case ("server_max_window_bits", let value?):
                guard let bits = Self.windowBits(value) else { return nil }
                serverWindowBits = .exactly(bits)
            case ("client_max_window_bits", nil): clientWindowBits = .any
            case ("client_max_window_bits", let value?):
                guard let bits = Self.windowBits(value) else { return nil }
                clientWindowBits = .exactly(bits)
            default: return nil
            }
        }
    }

    /// A decimal number from 8 to 15 without leading zeros.
    private static func windowBits(_ text: String) -> Int? {
        (8...15).first { String($0) == text }
    }
}

extension WebSocket.Deflation {
    /// The server's choice: the first offer that can be accepted, and what to answer; nil to decline them all, §5 and §7.1.
    static func choose(
        from offers: [WebSocketExtension], with compression: WebSocket.Compression
    ) -> (WebSocket.Deflation, WebSocketExtension)? {
        guard let offer = offers.lazy.compactMap(Parameters.init).first else { return nil }
        var deflation = WebSocket.Deflation(threshold: compression.threshold)
        var answer = WebSocketExtension(Parameters.name)
        deflation.server.keepsContext = offer.serverKeepsContext && compression.keepsContext
        deflation.client.keepsContext = offer.clientKeepsContext && compression.keepsContext
        if !deflation.server.keepsContext { answer.parameters.append(.init("server_no_context_takeover")) }
        if !deflation.client.keepsContext { answer.parameters.append(.init("client_no_context_takeover")) }
        deflation.server.windowBits = compression.windowBits
        if case .exactly(let bits) = offer.serverWindowBits {
            deflation.server.windowBits = min(bits, compression.windowBits)
            answer.parameters.append(.init("server_max_window_bits", "\(deflation.server.windowBits)"))
        }
        // Only a client that offers the parameter understands it, §7.1.2.2.
        switch offer.clientWindowBits {
        case .absent: break
        case .any: deflation.client.windowBits = compression.peerWindowBits
        case .exactly(let bits): deflation.client.windowBits = min(bits, compression.peerWindowBits)
        }
        if deflation.client.windowBits < 15 {
            answer.parameters.append(.init("client_max_window_bits", "\(deflation.client.windowBits)"))
        }
        return (deflation, answer)
    }

    /// What a client offers, §7.1.
    static func offer(_ compression: WebSocket.Compression) -> WebSocketExtension {
        var offer = WebSocketExtension(Parameters.name, [.init("client_max_window_bits")])
        if !compression.keepsContext {
            offer.parameters += [.init("server_no_context_takeover"), .init("client_no_context_takeover")]
        }
        if compression.peerWindowBits < 15 {
            offer.parameters.append(.init("server_max_window_bits", "\(compression.peerWindowBits)"))
        }
        return offer
    }

    /// The client's view of the server's answer to that offer; nil when the answer must fail the connection, §7.1.
    init?(answer: WebSocketExtension, to compression: WebSocket.Compression) {
        guard let answer = Parameters(answer), answer.clientWindowBits != .any,
            compression.keepsContext || !answer.serverKeepsContext
        else { return nil }
        self.init(threshold: compression.threshold)
        server.keepsContext = answer.serverKeepsContext
        client.keepsContext = answer.clientKeepsContext && compression.keepsContext
        if case .exactly(let bits) = answer.serverWindowBits { server.windowBits = bits }
        guard server.windowBits <= compression.peerWindowBits else { return nil }
        client.windowBits = compression.windowBits
        if case .exactly(let bits) = answer.clientWindowBits { client.windowBits = min(bits, compression.windowBits) }
    }
}
