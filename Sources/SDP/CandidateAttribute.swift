import Wire

/// The value of an `a=candidate` line (RFC 8839 §5.1).
package struct CandidateAttribute: Sendable, Equatable {
    package enum Address: Sendable, Equatable {
        case ip(IPAddress)
        /// A host name, in browsers an mDNS name (`….local`).
        case name(String)
    }

    package enum Kind: Sendable, Equatable {
        case host, serverReflexive, peerReflexive, relayed
        case other(String)
    }

    package struct Extension: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var foundation: String
    package var component: Int
    /// `UDP`, or one of the TCP transports (RFC 6544).
    package var transport: String
    package var priority: UInt32
    package var address: Address
    package var port: UInt16
    package var kind: Kind
    /// `raddr`, `rport` and what else follows the type, in order.
    package var extensions: [Extension]

    package init(
        foundation: String, component: Int = 1, transport: String = "UDP", priority: UInt32, address: Address,
        port: UInt16, kind: Kind, extensions: [Extension] = []
    ) {
        self.foundation = foundation
        self.component = component
        self.transport = transport
        self.priority = priority
        self.address = address
        self.port = port
        self.kind = kind
        self.extensions = extensions
    }

    /// Nil for a line that is not a candidate; the RFC has such lines ignored.
    package init?(parsing text: String) {
        let fields = text.fields
        guard fields.count >= 8, fields.count.isMultiple(of: 2), fields[6] == "typ", (1...32).contains(fields[0].count),
            let component = Int(fields[1]), (1...256).contains(component), let priority = UInt32(fields[3]),
            (1...UInt32(Int32.max)).contains(priority), let port = UInt16(fields[5])
        else { return nil }
        self.init(
            foundation: fields[0], component: component, transport: fields[2], priority: priority,
            address: IPAddress(fields[4]).map(Address.ip) ?? .name(fields[4]), port: port,
            kind: Kind(token: fields[7]),
            extensions: stride(from: 8, to: fields.count, by: 2).map {
                Extension(name: fields[$0], value: fields[$0 + 1])
            })
    }

    package var text: String {
        let fields = ["\(foundation) \(component) \(transport) \(priority) \(address) \(port) typ \(kind.token)"]
        return (fields + extensions.map { "\($0.name) \($0.value)" }).joined(separator: " ")
    }

    /// The address a check can be sent to: UDP, the RTP component, a literal address.
    package var endpoint: Endpoint? {
        guard case .ip(let address) = address, component == 1, port != 0, transport.uppercased() == "UDP" else {
            return nil
        }
        return Endpoint(address, port: port)
    }
}

extension CandidateAttribute.Address: CustomStringConvertible {
    package var description: String {
        switch self {
        case .ip(let address): address.description
        case .name(let name): name
        }
    }
}

extension CandidateAttribute.Kind {
    fileprivate init(token: String) {
        switch token {
        case "host": self = .host
        case "srflx": self = .serverReflexive
        case "prflx": self = .peerReflexive
        case "relay": self = .relayed
        default: self = .other(token)
        }
    }

    fileprivate var token: String {
        switch self {
        case .host: "host"
        case .serverReflexive: "srflx"
        case .peerReflexive: "prflx"
        case .relayed: "relay"
        case .other(let token): token
        }
    }
}
