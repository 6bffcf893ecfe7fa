import Wire

extension Registration {
    /// What the registrar has granted with its 200 to a REGISTER, until the next one replaces it.
    struct Binding: Sendable {
        var until: Instant
        /// A URI that leads to this very instance from anywhere; none when not granted (RFC 5627 §4.2).
        var gruu: URI?
        /// The way of requests outside a dialog (RFC 3608 §5).
        var serviceRoute: [NameAddress]
        /// Whether requests to us come on the flow that was registered (RFC 5626 §4.2.1).
        var isOutbound: Bool
        /// How long the flow may be silent (RFC 5626 §4.4).
        var flowTimer: Duration?

        /// A Service-Route that is malformed or of no use is none.
        init(_ response: Response, of contact: NameAddress, until: Instant) {
            self.until = until
            gruu = response.contact(bound: contact)?.parameters["pub-gruu"].flatMap { try? URI(parsing: $0) }
            serviceRoute = (try? response.headers.addresses(.serviceRoute)) ?? []
            isOutbound = response.headers.requires("outbound")
            flowTimer = response.seconds(response.headers[.flowTimer]).map { .seconds($0) }
        }
    }
}

extension Response {
    /// The longest time that is believed, so that no answer makes time overflow.
    private static let longestTime = 1 << 31

    /// A number of seconds that makes sense.
    func seconds(_ text: String?) -> Int? {
        text.flatMap(Int.init).flatMap { 1...Self.longestTime ~= $0 ? $0 : nil }
    }

    /// How long the registrar keeps the binding, in seconds (RFC 3261 §10.2.4).
    func expiration(of contact: NameAddress) -> Int? {
        seconds(self.contact(bound: contact)?.parameters["expires"] ?? headers[.expires])
    }

    /// The Contact of our binding among all of the address of record: that of our instance, or else of our URI.
    func contact(bound contact: NameAddress) -> NameAddress? {
        let all = contacts
        let instance = contact.parameters["+sip.instance"]
        let ours = all.first { instance != nil && $0.parameters["+sip.instance"] == instance }
        return ours
            ?? all.first { $0.uri.user == contact.uri.user && $0.uri.hostAndPort == contact.uri.hostAndPort }
    }
}

extension UserAgent {
    package var registrationState: Registration.State { registration.state }

    /// Whether a registrar keeps a binding to this connection, even if its refresh has failed.
    package var isBound: Bool { registration.binding != nil }

    /// What REGISTER binds; with an instance id it is a contact of outbound (RFC 5626 §4.2.1, RFC 5627 §4.1).
    static func registeredContact(_ configuration: Configuration) -> NameAddress {
        var address = NameAddress(configuration.contact)
        if let instance = configuration.instanceID {
            address.parameters = ["reg-id": "1", "+sip.instance": "<\(instance)>"]
        }
        return address
    }

    /// Where requests inside a dialog shall come: to the GRUU if there is one, or else here, on the flow that was
    /// registered if the registrar keeps to it (RFC 5627 §4.4, RFC 5626 §4.3).
    var contact: NameAddress {
        if let gruu = registration.binding?.gruu { return NameAddress(gruu) }
        var uri = configuration.contact
        if registration.binding?.isOutbound == true { uri.parameters.insertFlag("ob") }
        return NameAddress(uri)
    }

    /// Sends a request outside a dialog the way the registrar wants it; a REGISTER has its own (RFC 3608 §5).
    func followServiceRoute(_ request: inout Request) {
        guard request.to.tag == nil, request.method != .register, request.headers[.route] == nil,
            let route = registration.binding?.serviceRoute, !route.isEmpty
        else { return }
        var headers = Headers(route.map { Headers.Field(.route, $0.description) })
        headers.append(request.headers)
        request.headers = headers
    }
}
