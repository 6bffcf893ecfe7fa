import HTTPTypes
import Wire

/// Decides who may ask what; the one place where a request is let in or turned away.
///
/// In this order: a page of a foreign origin and a name that is not ours are turned away before anything else, so that
/// neither a web page nor DNS rebinding learns anything; then the token, then whether there is such a thing, then the scope.
package struct AccessControl: Sendable {
    package struct Configuration: Sendable {
        /// Names that may stand in `Host` besides those of loopback and the address connected to, with any port unless they
        /// have one.
        package var hosts: Set<String>
        /// Origins whose pages may use the API, as browsers write them: `https://crm.example`.
        package var origins: Set<String>

        package init(hosts: Set<String> = [], origins: Set<String> = []) {
            self.hosts = Set(hosts.map { $0.lowercased() })
            self.origins = Set(origins.map { $0.lowercased() })
        }
    }

    /// What the decisions need to know of a request.
    package struct Request: Sendable {
        package var head: HTTPRequest
        package var subprotocols: [String]
        package var client: Client
        /// Whether the client runs as the same user as the daemon, which only a Unix socket can tell.
        package var isOwner: Bool
        /// The address the client connected to: who names it was not led here by a name that somebody else controls.
        package var local: IPAddress?

        package init(
            head: HTTPRequest, subprotocols: [String] = [], client: Client, isOwner: Bool = false,
            local: IPAddress? = nil
        ) {
            self.head = head
            self.subprotocols = subprotocols
            self.client = client
            self.isOwner = isOwner
            self.local = local
        }
    }

    /// Who has been let in.
    package enum Caller: Sendable, Equatable {
        case owner
        case token(AccessToken)

        package var scopes: Set<Scope> {
            switch self {
            case .owner: [.admin]
            case .token(let token): token.scopes
            }
        }
    }

    private let configuration: Configuration
    private var brake: AttemptBrake

    package init(_ configuration: Configuration, brake: AttemptBrake = AttemptBrake()) {
        self.configuration = configuration
        self.brake = brake
    }

    /// The origin of the page that asks, nil when it is no page.
    package func origin(of request: Request) throws(Problem) -> String? {
        let origin = request.head.headerFields[.origin]
        guard origin.map({ isAllowed($0, in: request) }) ?? true else { throw .originNotAllowed }
        guard isAllowed(host: request) else { throw .hostNotAllowed }
        return origin
    }

    /// The caller behind a request: the daemon's own user, or the owner of a valid token.
    ///
    /// A client that has been wrong too often is not listened to, except where others share its address: there the right
    /// token still opens, or any program on this machine could lock its user out.
    package mutating func caller(
        of request: Request, at now: Instant, identify: (Redacted<String>) -> AccessToken?
    ) throws(Problem) -> Caller {
        if request.isOwner { return .owner }
        let wait = brake.wait(for: request.client, at: now)
        if let wait, !request.client.isShared { throw .tooManyAttempts(wait: wait) }
        guard let secret = request.secret else { throw .unauthorized }
        if let token = identify(secret) { return .token(token) }
        if let wait { throw .tooManyAttempts(wait: wait) }
        brake.failed(request.client, at: now)
        throw .unauthorized
    }

    /// A page the daemon itself has served is at home, provided that its host is one of ours.
    private func isAllowed(_ origin: String, in request: Request) -> Bool {
        let origin = origin.lowercased()
        if configuration.origins.contains(origin) { return true }
        guard let scheme = request.head.scheme, let authority = request.head.authority else { return false }
        return origin == "\(scheme)://\(authority)".lowercased()
    }

    /// No name leads to a Unix socket, so none can lead astray.
    private func isAllowed(host request: Request) -> Bool {
        if case .user = request.client { return true }
        guard let authority = request.head.authority?.lowercased(), let host = hostName(authority) else { return false }
        if let address = IPAddress(host), address.isLoopback || address == request.local { return true }
        return host == "localhost" || configuration.hosts.contains(host) || configuration.hosts.contains(authority)
    }
}

/// The host of `Host` without its port; nil when it is none (RFC 9110 §7.2).
private func hostName(_ authority: String) -> String? {
    let end: String.Index
    if authority.hasPrefix("[") {
        guard let bracket = authority.firstIndex(of: "]") else { return nil }
        end = authority.index(after: bracket)
    } else {
        end = authority.firstIndex(of: ":") ?? authority.endIndex
    }
    let port = authority[end...]
    guard port.isEmpty || port == ":" || port.hasPrefix(":") && UInt16(port.dropFirst()) != nil else { return nil }
    return end == authority.startIndex ? nil : String(authority[..<end])
}

extension AccessControl.Request {
    /// A token in `Authorization` (RFC 6750 §2.1), or among the subprotocols for browsers, which cannot set fields on a
    /// WebSocket.
    var secret: Redacted<String>? {
        if let field = head.headerFields[.authorization] {
            let prefix = "bearer "
            guard field.prefix(prefix.utf8.count).lowercased() == prefix else { return nil }
            return Redacted(String(field.dropFirst(prefix.count).drop { $0 == " " }))
        }
        let prefix = "bearer."
        return subprotocols.first { $0.hasPrefix(prefix) }.map { Redacted(String($0.dropFirst(prefix.count))) }
    }
}
