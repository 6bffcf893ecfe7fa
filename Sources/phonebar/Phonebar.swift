import ArgumentParser
import Foundation

/// The command-line client of the control API.
@main
struct Phonebar: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "phonebar", abstract: "Talks to phonebard, the headless softphone.",
        discussion: """
            Without --url and --socket it uses the daemon's Unix socket in $XDG_RUNTIME_DIR, where its own user needs no \
            token, or else http://127.0.0.1:8460 with the token the daemon made at its first start.

            ENVIRONMENT:
              PHONEBAR_URL          as --url
              PHONEBAR_SOCKET       as --socket
              PHONEBAR_TOKEN        the bearer token itself
              PHONEBAR_TOKEN_FILE   as --token-file
              NO_COLOR              no colours, as when the output is no terminal

            EXIT STATUS:
            \(Ending.table)

            COMPLETIONS:
              phonebar --generate-completion-script bash > ~/.local/share/bash-completion/completions/phonebar
              phonebar --generate-completion-script zsh  > a folder of $fpath/_phonebar
              phonebar --generate-completion-script fish > ~/.config/fish/completions/phonebar.fish
            """,
        version: "0.1.0", subcommands: [Status.self, Events.self, Token.self, Trace.self, API.self])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let ending as Ending {
            ending.endProgram()
        } catch {
            guard exitCode(for: error) == .validationFailure else { exit(withError: error) }
            Output.error(fullMessage(for: error))
            exit(Ending.usage)
        }
    }

    private static func exit(_ code: Int32) -> Never {
        Foundation.exit(code)
    }
}
