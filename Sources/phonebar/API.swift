import ArgumentParser
import Foundation
import HTTP
import HTTPTypes

struct API: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api", abstract: "Sends any request of openapi.yaml and prints the body of the answer.",
        discussion: """
            phonebar api GET state
            phonebar api POST call '{"number": "10010"}'
            phonebar api POST init @login.json
            """)

    @Argument(help: "GET, POST, PATCH or DELETE.", completion: .list(["GET", "POST", "PATCH", "DELETE"]))
    var method: String

    @Argument(help: "A path; one without a slash in front is below /v1/.")
    var path: String

    @Argument(help: "The JSON to send: the text itself, @FILE, or - for the standard input.", completion: .file())
    var body: String?

    @OptionGroup var connection: Connection

    func validate() throws {
        guard HTTPRequest.Method(method.uppercased()) != nil else { throw ValidationError("'\(method)' is no method") }
        guard !path.isEmpty, path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
            throw ValidationError("'\(path)' is no path; what is not ASCII has to be percent-encoded")
        }
    }

    func run() async throws {
        let target = path.hasPrefix("/") ? path : "/v1/" + path
        let method = HTTPRequest.Method(method.uppercased()) ?? .get
        let response = try await Client(connection).send(method, target, body: try content())
        Output.bytes(response.body)
        if let last = response.body.last, last != 0x0A, isatty(STDOUT_FILENO) == 1 { Output.line("") }
        guard let ending = Ending(response) else { return }
        throw ending
    }

    private func content() throws -> [UInt8] {
        guard let body else { return [] }
        if body == "-" { return [UInt8](FileHandle.standardInput.readDataToEndOfFile()) }
        guard body.hasPrefix("@") else { return Array(body.utf8) }
        let file = String(body.dropFirst())
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ValidationError("the file \(file) cannot be read")
        }
        return [UInt8](data)
    }
}
