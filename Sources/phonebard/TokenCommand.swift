import ArgumentParser
import ControlAPI
import Daemon
import Foundation
import Wire

/// Works on the state directory, so that it needs no running daemon; one that runs notices at once.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Makes, lists and revokes bearer tokens in the state directory.",
        subcommands: [Create.self, List.self, Revoke.self])

    struct Store: ParsableArguments {
        @Option(help: "The configuration file to read instead of the usual two.", completion: .file())
        var config: String?

        @Option(help: "Folder of the tokens; that of the configuration if none.", completion: .directory)
        var stateDirectory: String?

        func open() throws -> TokenStore {
            let flags = stateDirectory.map { ["--state-directory", $0] } ?? []
            let configuration = try Sources.load(flags: flags, file: config).configuration
            return try TokenStore(directory: configuration.stateDirectory) { failure in
                FileHandle.standardError.write(Data("\(failure)\n".utf8))
            }
        }
    }

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a token and prints it; it is never shown again.")

        @Option(help: "What the token is for.")
        var name: String

        @Option(
            help: "What it may do: read, call, monitor, admin; several with commas.",
            completion: .list(Scope.allCases.map(\.rawValue)))
        var scope: String

        @OptionGroup var store: Store

        func validate() throws {
            guard Set<Scope>(list: scope) != nil else {
                throw ValidationError("'\(scope)' is no list of read, call, monitor and admin")
            }
        }

        func run() throws {
            try saying {
                let request = try TokenRequest(name: name, scopes: Set<Scope>(list: scope) ?? [])
                let created = try store.open().create(request)
                print(created.secret.value)
                FileHandle.standardError.write(Data("id \(created.token.id)\n".utf8))
            }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows every token, but not the tokens themselves: id, scopes, last use, name.")

        @OptionGroup var store: Store

        func run() throws {
            for token in try store.open().all {
                let lastUsed = token.json["lastUsed"]?.string ?? "never"
                print(token.id, token.scopes.names.joined(separator: ","), lastUsed, token.name, separator: "\t")
            }
        }
    }

    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends a token; 'first-start' is that of the first start, and the next start makes another one.")

        @Argument(help: "The token's id.")
        var id: String

        @OptionGroup var store: Store

        func run() throws {
            try saying { try store.open().revoke(id) }
        }
    }
}

/// Says a problem in words and ends the program with status 1.
private func saying(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch let problem as Problem {
        let words = [problem.title, problem.detail].compactMap(\.self).joined(separator: " ")
        FileHandle.standardError.write(Data("phonebard: \(words)\n".utf8))
        throw ExitCode(1)
    }
}
