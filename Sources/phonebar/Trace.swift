import ArgumentParser
import Foundation
import HTTP
import HTTPTypes
import Wire

struct Trace: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows the last SIP messages as a ladder.",
        discussion: "The daemon is on the left, the gateway on the right. A token needs the scope 'admin'.")

    @Flag(help: "The messages themselves, as they went over the wire.")
    var text = false

    @Flag(help: "The ladder as JSON.")
    var json = false

    @Option(help: "Write a capture file for Wireshark, '-' for the standard output.", completion: .file())
    var pcap: String?

    @Option(help: "Only messages with this Call-ID.")
    var callID: String?

    @OptionGroup var connection: Connection

    func validate() throws {
        guard [text, json, pcap != nil].count(where: { $0 }) <= 1 else {
            throw ValidationError("--text, --json and --pcap exclude each other")
        }
    }

    func run() async throws {
        let client = try Client(connection)
        let filter = callID?.addingPercentEncoding(withAllowedCharacters: .alphanumerics).map { "&callID=" + $0 } ?? ""
        let format = text ? "text" : pcap != nil ? "pcap" : "json"
        let response = try await client.send(.get, "/v1/diagnostics/sip?format=\(format)\(filter)")
        if let ending = Ending(response) { throw ending }
        if let pcap, pcap != "-" {
            guard FileManager.default.createFile(atPath: pcap, contents: Data(response.body)) else {
                throw Ending.unwritable
            }
        } else if text || json || pcap != nil {
            Output.bytes(isatty(STDOUT_FILENO) == 1 ? response.body.map { $0.isHarmless ? $0 : 0x3F } : response.body)
            if json { Output.line("") }
        } else {
            try show(response.body)
        }
    }

    private func show(_ body: [UInt8]) throws {
        guard let arrows = try? JSON(parsing: body)["arrows"]?.array else {
            throw Ending.refused("the answer is no ladder; is this phonebard?")
        }
        for arrow in arrows {
            let isSent = arrow["direction"]?.string == "sent"
            let time = arrow["time"]?.string?.dropFirst(11).dropLast(1) ?? ""
            let (from, to) = (arrow["from"]?.string ?? "", arrow["to"]?.string ?? "")
            let line = isSent ? "\(from) ───▶ \(to)" : "\(to) ◀─── \(from)"
            let summary = (arrow["summary"]?.string ?? "").harmless
            let status = summary.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            let words = status.map { $0 >= 400 ? Style.bad(summary) : Style.good(summary) } ?? Style.bold(summary)
            Output.line("\(time)  \(line)  \(words)  \(Style.dim((arrow["cSeq"]?.string ?? "").harmless))")
        }
    }
}

extension UInt8 {
    /// Whether it may go to a terminal: what a stranger sent must not command it.
    fileprivate var isHarmless: Bool { self >= 0x20 && self != 0x7F || self == 0x0A || self == 0x09 }
}

extension String {
    fileprivate var harmless: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
    }
}
