import Crypto
import FoundationEssentials
import Wire

/// The tokens that are valid, and the form they have in a file.
package struct TokenRegistry: Sendable, Equatable {
    package enum Failure: Error, Equatable { case malformed }

    /// A token and what only its owner may ever see, once.
    package struct Created: Sendable {
        package let token: AccessToken
        package let secret: Redacted<String>
    }

    /// The id of the token made at the first start, which has a file of its own.
    package static let firstStart = "first-start"
    private static let limit = 100
    /// Characters of 62 kinds: just over 256 bits.
    private static let secretLength = 43

    package private(set) var tokens: [AccessToken] = []

    package init() {}

    package mutating func create(
        _ request: TokenRequest, at unixSeconds: Int64, using randomness: inout Randomness
    ) throws(Problem) -> Created {
        guard tokens.count < Self.limit else { throw .tooManyTokens }
        let secret = Self.secret(using: &randomness)
        let token = AccessToken(
            id: randomness.token(length: 10), name: request.name, scopes: request.scopes,
            digest: Self.digest(of: secret.value), created: unixSeconds)
        tokens.append(token)
        return Created(token: token, secret: secret)
    }

    /// Makes the token of the first start valid for everything; it takes the place of an earlier one.
    package mutating func adopt(firstStart secret: Redacted<String>, created: Int64) {
        let known = tokens.first { $0.id == Self.firstStart }
        let digest = Self.digest(of: secret.value)
        tokens.removeAll { $0.id == Self.firstStart }
        tokens.insert(
            AccessToken(
                id: Self.firstStart, name: "first start", scopes: [.admin], digest: digest, created: created,
                lastUsed: known?.digest == digest ? known?.lastUsed : nil), at: 0)
    }

    package mutating func revoke(_ id: String) throws(Problem) {
        guard let index = tokens.firstIndex(where: { $0.id == id }) else { throw .noSuchToken }
        tokens.remove(at: index)
    }

    /// The token a secret is, looked for in a time that tells nothing about how near it came.
    package func token(for secret: Redacted<String>) -> AccessToken? {
        let digest = Self.digest(of: secret.value)
        var found: AccessToken?
        for token in tokens where constantTimeEqual(token.digest, digest) { found = token }
        return found
    }

    /// Remembers a use, unless the token is gone or was used later.
    package mutating func used(_ id: String, at unixSeconds: Int64) {
        guard let index = tokens.firstIndex(where: { $0.id == id }) else { return }
        tokens[index].lastUsed = max(tokens[index].lastUsed ?? 0, unixSeconds)
    }

    package static func secret(using randomness: inout Randomness) -> Redacted<String> {
        Redacted(randomness.token(length: secretLength))
    }

    private static func digest(of secret: String) -> [UInt8] {
        Digest.sha256(Array(secret.utf8))
    }
}

/// The file: every token but that of the first start, with the digest in hexadecimal.
extension TokenRegistry {
    private struct File: Codable {
        var tokens: [Entry]
    }

    private struct Entry: Codable {
        let id: String
        let name: String
        let scopes: [String]
        let sha256: String
        let created: Int64
        let lastUsed: Int64?
    }

    /// Scopes it does not know, of a later version, are left out, and with them the token that has no others.
    package init(file bytes: Span<UInt8>) throws(Failure) {
        guard let file = try? JSONDecoder().decode(File.self, from: Data([UInt8](bytes))) else { throw .malformed }
        for entry in file.tokens {
            let scopes = Set(entry.scopes.compactMap(Scope.init))
            guard let digest = [UInt8](hex: entry.sha256), digest.count == 32 else { throw .malformed }
            guard !scopes.isEmpty, entry.id != Self.firstStart else { continue }
            tokens.append(
                AccessToken(
                    id: entry.id, name: entry.name, scopes: scopes, digest: digest, created: entry.created,
                    lastUsed: entry.lastUsed))
        }
    }

    package var file: [UInt8] {
        let entries = tokens.filter { $0.id != Self.firstStart }.map { token in
            Entry(
                id: token.id, name: token.name, scopes: token.scopes.names, sha256: token.digest.hex,
                created: token.created, lastUsed: token.lastUsed)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        // Strings and integers always encode.
        return (try? encoder.encode(File(tokens: entries))).map { [UInt8]($0) + [0x0A] } ?? []
    }
}

extension [UInt8] {
    fileprivate init?(hex text: String) {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        self = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
                return nil
            }
            append(byte)
        }
    }
}
