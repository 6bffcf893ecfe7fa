/// The owner's name for a request it sends.
package struct RequestID: Hashable, Sendable {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// The agent's name for a request that waits for the owner's response.
package struct RequestToken: Hashable, Sendable {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

/// The name of a call: the owner numbers those it makes, the agent those that come in.
package enum CallHandle: Hashable, Sendable {
    case outgoing(UInt64)
    case incoming(UInt64)
}
