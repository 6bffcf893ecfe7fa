import FoundationEssentials
import Wire

/// What is known of a bearer token: everything but the token.
package struct AccessToken: Sendable, Equatable {
    package let id: String
    /// What its owner calls it.
    package let name: String
    package let scopes: Set<Scope>
    /// SHA-256 of the token; enough for 256 random bits, which nobody can guess at any speed.
    let digest: [UInt8]
    /// Unix time in seconds.
    package let created: Int64
    /// Unix time in seconds, nil for never.
    package internal(set) var lastUsed: Int64?

    /// As the API shows it.
    package var json: JSON {
        [
            "id": .string(id),
            "name": .string(name),
            "scopes": .array(scopes.names.map(JSON.string)),
            "created": Self.time(created),
            "lastUsed": lastUsed.map(Self.time) ?? .null,
        ]
    }

    /// RFC 3339 in UTC.
    private static func time(_ unixSeconds: Int64) -> JSON {
        .string(Date(timeIntervalSince1970: Double(unixSeconds)).formatted(.iso8601))
    }
}

/// What a new token shall be; the parameters of `createToken`.
package struct TokenRequest: Sendable, Equatable {
    package let name: String
    package let scopes: Set<Scope>

    /// Fails for a name that is empty, longer than 64 characters or has control characters in it.
    package init(name: String, scopes: Set<Scope>) throws(Problem) {
        let isShowable = name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        guard !name.isEmpty, name.count <= 64, isShowable else { throw .invalidParameter("name") }
        guard !scopes.isEmpty else { throw .invalidParameter("scopes") }
        self.name = name
        self.scopes = scopes
    }

    /// The body of `createToken`: `name` and `scopes`, an array of names.
    package init(body: Span<UInt8>) throws(Problem) {
        let parameters = try Parameters(body)
        try self.init(name: parameters.required("name"), scopes: parameters.scopes("scopes"))
    }
}

extension Parameters {
    fileprivate func scopes(_ name: String) throws(Problem) -> Set<Scope> {
        guard let value = self[name], value != .null else { throw .missingParameter(name) }
        let names = value.array?.compactMap(\.string) ?? []
        let scopes = names.compactMap(Scope.init)
        guard scopes.count == names.count, names.count == value.array?.count else { throw .invalidParameter(name) }
        return Set(scopes)
    }
}
