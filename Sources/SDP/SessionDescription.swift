import Wire

/// A session description (RFC 8866 §5), every attribute kept whether known or not.
///
/// The lines WebRTC has no use for (`i u e p b r z k`) are kept as they came and written back in the RFC's order.
package struct SessionDescription: Sendable, Equatable {
    package var origin: Origin
    package var name: String
    package var connection: Connection?
    package var timings: [Timing]
    package var otherLines: [Line]
    package var attributes: [Attribute]
    package var media: [MediaDescription]

    package init(
        origin: Origin, name: String = "-", connection: Connection? = nil, timings: [Timing] = [.unbounded],
        otherLines: [Line] = [], attributes: [Attribute] = [], media: [MediaDescription] = []
    ) {
        self.origin = origin
        self.name = name
        self.connection = connection
        self.timings = timings
        self.otherLines = otherLines
        self.attributes = attributes
        self.media = media
    }
}

/// The `o=` line (RFC 8866 §5.2).
package struct Origin: Sendable, Equatable {
    package var username: String
    package var sessionID: UInt64
    package var sessionVersion: UInt64
    package var address: Connection

    package init(
        username: String = "-", sessionID: UInt64, sessionVersion: UInt64,
        address: Connection = Connection(address: "127.0.0.1")
    ) {
        self.username = username
        self.sessionID = sessionID
        self.sessionVersion = sessionVersion
        self.address = address
    }
}

/// The value of a `c=` line (RFC 8866 §5.7), the TTL and count of multicast included in `address`.
package struct Connection: Sendable, Equatable {
    package var addressType: String
    package var address: String

    package init(addressType: String = "IP4", address: String) {
        self.addressType = addressType
        self.address = address
    }

    package init(_ address: IPAddress) {
        self.init(addressType: address.isIPv4 ? "IP4" : "IP6", address: address.description)
    }
}

/// The `t=` line (RFC 8866 §5.9), in seconds since 1900; zero is "unbounded".
package struct Timing: Sendable, Equatable {
    package var start: UInt64
    package var stop: UInt64

    package static let unbounded = Timing(start: 0, stop: 0)

    package init(start: UInt64, stop: UInt64) {
        self.start = start
        self.stop = stop
    }
}

/// A line kept without being understood.
package struct Line: Sendable, Equatable {
    package var type: Character
    package var value: String

    package init(type: Character, value: String) {
        self.type = type
        self.value = value
    }
}

/// An `a=` line (RFC 8866 §5.13): a property, or a name with a value.
package struct Attribute: Sendable, Equatable {
    package var name: String
    package var value: String?

    package init(_ name: String, _ value: String? = nil) {
        self.name = name
        self.value = value
    }
}

/// An `m=` line and the lines that belong to it (RFC 8866 §5.14).
package struct MediaDescription: Sendable, Equatable {
    package var media: String
    package var port: UInt16
    /// The number of ports of a layered stream, where the line names one.
    package var portCount: Int?
    package var transport: String
    package var formats: [String]
    package var connection: Connection?
    package var otherLines: [Line]
    package var attributes: [Attribute]

    package init(
        media: String, port: UInt16, portCount: Int? = nil, transport: String, formats: [String],
        connection: Connection? = nil, otherLines: [Line] = [], attributes: [Attribute] = []
    ) {
        self.media = media
        self.port = port
        self.portCount = portCount
        self.transport = transport
        self.formats = formats
        self.connection = connection
        self.otherLines = otherLines
        self.attributes = attributes
    }
}

extension [Attribute] {
    /// The value of the first attribute of that name; nil for a property and where there is none.
    package func value(of name: String) -> String? {
        first { $0.name == name }?.value
    }

    package func values(of name: String) -> [String] {
        compactMap { $0.name == name ? $0.value : nil }
    }

    package func contains(_ name: String) -> Bool {
        contains { $0.name == name }
    }
}
