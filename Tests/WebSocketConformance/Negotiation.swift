/// One way of asking the peer for permessage-deflate in sections 12 and 13: what it is to do when it compresses.
struct Negotiation: Sendable {
    /// Whether the peer must forget what it compressed.
    var noContextTakeover = false
    /// The window the peer must keep to, 0 for any.
    var maxWindowBits = 0

    /// As a client asks a server.
    var offer: String {
        "permessage-deflate; client_no_context_takeover; client_max_window_bits"
            + (noContextTakeover ? "; server_no_context_takeover" : "")
            + (maxWindowBits == 0 ? "" : "; server_max_window_bits=\(maxWindowBits)")
    }

    /// As a server asks a client, whose offer must allow it.
    func answer(to offer: String) -> String? {
        guard offer.hasPrefix("permessage-deflate") else { return nil }
        if maxWindowBits != 0, !offer.contains("client_max_window_bits") { return nil }
        return "permessage-deflate" + (noContextTakeover ? "; client_no_context_takeover" : "")
            + (maxWindowBits == 0 ? "" : "; client_max_window_bits=\(maxWindowBits)")
            + (offer.contains("server_no_context_takeover") ? "; server_no_context_takeover" : "")
    }

    /// What a server's answer means, nil when it is not what was asked for.
    func deflation(answered answer: String) -> (outgoing: RawPeer.Direction, incoming: RawPeer.Direction)? {
        let parts = answer.split(separator: ";").map { $0.filter { $0 != " " } }
        guard parts.first == "permessage-deflate" else { return nil }
        func bits(_ name: String) -> Int? {
            parts.first { $0.hasPrefix(name + "=") }.flatMap { Int($0.dropFirst(name.count + 1)) }
        }
        let incoming = RawPeer.Direction(
            keepsContext: !parts.contains("server_no_context_takeover"),
            windowBits: bits("server_max_window_bits") ?? 15)
        guard !noContextTakeover || !incoming.keepsContext, maxWindowBits == 0 || incoming.windowBits <= maxWindowBits
        else { return nil }
        let outgoing = RawPeer.Direction(
            keepsContext: !parts.contains("client_no_context_takeover"),
            windowBits: bits("client_max_window_bits") ?? 15)
        return (outgoing, incoming)
    }
}
