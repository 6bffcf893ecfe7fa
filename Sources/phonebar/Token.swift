import ArgumentParser
import ControlAPI
import Foundation
import HTTPTypes
import Wire

struct Token: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes, lists and revokes bearer tokens.", subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a token and prints it; it is never shown again.")

        @Option(help: "What the token is for.")
        var name: String

        @Option(
            help: "What it may do: read, call, monitor, admin; several with commas.",
            completion: .list(Scope.allCases.map(\.rawValue)))
        var scope: String

        @Flag(help: "The token and what is known of it as JSON.")
        var json = false

        @OptionGroup var connection: Connection

        func validate() throws {
            guard Set<Scope>(list: scope) != nil else {
                throw ValidationError("'\(scope)' is no list of read, call, monitor and admin")
            }
        }

        func run() async throws {
            let scopes = Set<Scope>(list: scope) ?? []
            let body: JSON = ["name": .string(name), "scopes": .array(scopes.names.map(JSON.string))]
            let created = try await Client(connection).json(.post, "/v1/tokens", body)
            guard !json else { return Output.line(String(decoding: encodedJSON(created), as: UTF8.self)) }
            Output.line(created["token"]?.string ?? "")
            Output.error("id \(created["id"]?.string ?? "?")")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows every token but not the tokens themselves.")

        @Flag(help: "As JSON.")
        var json = false

        @OptionGroup var connection: Connection

        func run() async throws {
            let answer = try await Client(connection).json(.get, "/v1/tokens")
            guard !json else { return Output.line(String(decoding: encodedJSON(answer), as: UTF8.self)) }
            let rows = (answer["tokens"]?.array ?? []).map { token in
                [
                    token["id"]?.string ?? "?", token["name"]?.string ?? "?",
                    (token["scopes"]?.array ?? []).compactMap(\.string).joined(separator: ","),
                    token["created"]?.string ?? "?", token["lastUsed"]?.string ?? "never",
                ]
            }
            Output.table([["ID", "NAME", "SCOPES", "CREATED", "LAST USED"]] + rows)
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Ends a token.")

        @Argument(help: "The token's id.")
        var id: String

        @OptionGroup var connection: Connection

        func validate() throws {
            let isID = !id.isEmpty && id.utf8.allSatisfy { $0 == 0x2D || UInt8(ascii: "0")...UInt8(ascii: "z") ~= $0 }
            guard isID else { throw ValidationError("'\(id)' is no token's id") }
        }

        func run() async throws {
            _ = try await Client(connection).json(.delete, "/v1/tokens/\(id)")
        }
    }
}
