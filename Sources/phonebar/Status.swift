import ArgumentParser
import ControlAPI
import Foundation
import HTTPTypes
import Wire

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Shows the seats, their calls and the event log.")

    @Flag(help: "The whole state as JSON.")
    var json = false

    @OptionGroup var connection: Connection

    func run() async throws {
        let state = try await Client(connection).json(.get, "/v1/state")
        guard !json else { return Output.line(String(decoding: encodedJSON(state), as: UTF8.self)) }
        let seats = (state["seats"]?.object ?? [:]).sorted { $0.key < $1.key }
        Output.table([["SEAT", "USER", "REGISTRATION", "STATE"]] + seats.map(seatRow))
        let calls = seats.flatMap { seat in (seat.value["calls"]?.array ?? []).map { (seat.key, $0) } }
        if !calls.isEmpty {
            Output.line("")
            Output.table([["CALL", "SEAT", "DIRECTION", "NUMBER", "STATE", "CODEC", "HEARD"]] + calls.map(callRow))
        }
        Output.line("")
        let position = ["epoch", "seq"].map { state["position"]?[$0]?.lenientString ?? "?" }
        Output.line("events at \(position.joined(separator: ":"))")
        if state["journal"]?["keeping"]?.bool == false {
            Output.line(Style.bad("events are not kept: \(state["journal"]?["failure"]?.string ?? "")"))
        }
    }

    private func seatRow(_ name: String, _ seat: JSON) -> [String] {
        let states = ["offline", "idle", "busy", "ringing", "in a call", "holding"]
        let state = seat["seatState"]?.lenientInteger.flatMap { Int(exactly: $0) } ?? -1
        return [
            name, seat["user"]?["un"]?.lenientString ?? "-", registration(seat),
            states.indices.contains(state) ? states[state] : "?",
        ]
    }

    /// One word, and the status of the registrar when it says no.
    private func registration(_ seat: JSON) -> String {
        let word = seat["registration"]?.string ?? "?"
        guard word == "failed", let status = seat["registrar"]?["status"]?.lenientString else { return word }
        return "\(word) (\(status))"
    }

    private func callRow(_ seat: String, _ call: JSON) -> [String] {
        let sound = call["media"]?["received"]?["level"]
        let level: String? = if case .number(let level)? = sound { "\(Int(level.rounded())) dBFS" } else { nil }
        return [
            call["ccNumber"]?.lenientString ?? "?", seat, call["direction"]?.string ?? "?",
            call["number"]?.lenientString ?? "?", call["state"]?.string ?? "?",
            call["media"]?["codec"]?.string ?? "-", level ?? sound?.lenientString.map { $0 + " dBFS" } ?? "-",
        ]
    }
}
