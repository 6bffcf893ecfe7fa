import ArgumentParser
import ControlAPI
import Foundation
import HTTPTypes
import Wire

struct Events: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows events: those since a place in the log, or as they happen.",
        discussion: """
            Without --follow it shows what is in the log and ends. With it, it goes on with what happens, and when the \
            connection is lost it connects again and goes on where it was. A place is what 'phonebar status' shows as \
            the position, and the epoch and seq of every event.
            """)

    @Flag(help: "Go on with events as they happen; without --after only these.")
    var follow = false

    @Option(help: ArgumentHelp("Show what came after this place in the log.", valueName: "epoch:seq"))
    var after: String?

    @Flag(help: "One event a line, as the daemon sends it.")
    var json = false

    @OptionGroup var connection: Connection

    func validate() throws {
        guard let after else { return }
        guard LogPosition(after) != nil, after.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw ValidationError("'\(after)' is no place in the log, as EPOCH:SEQ")
        }
    }

    func run() async throws {
        let client = try Client(connection)
        let position = try await client.json(.get, "/v1/state")["position"]
        guard let epoch = position?["epoch"]?.string, let seq = position?["seq"]?.lenientInteger, seq >= 0 else {
            throw Ending.refused("the daemon's state has no position")
        }
        let now = LogPosition(epoch: epoch, seq: UInt64(seq))
        if follow {
            try await follow(client, from: after ?? now.description)
        } else {
            try await show(client, from: after ?? "\(epoch):0", upTo: now)
        }
    }

    private func show(_ client: Client, from start: String, upTo end: LogPosition) async throws {
        if start == end.description || end.seq == 0 { return }
        for await message in try client.events(after: start) {
            switch message {
            case .opened: break
            case .event(let text, let event):
                show(text, event)
                guard let position = event.position, position.epoch == end.epoch, position.seq < end.seq else { return }
            case .closed(let ending): throw ending
            }
        }
    }

    /// Only the first connection must succeed: who follows wants to be there when the daemon comes back.
    private func follow(_ client: Client, from start: String) async throws {
        var place = start
        var hasBeenOpen = false
        var pause = Duration.milliseconds(250)
        while true {
            for await message in try client.events(after: place) {
                switch message {
                case .opened:
                    if hasBeenOpen { Output.error("phonebar: connected again") }
                    hasBeenOpen = true
                    pause = .milliseconds(250)
                case .event(let text, let event):
                    show(text, event)
                    if let position = event.position { place = position.description }
                case .closed(let ending):
                    guard hasBeenOpen, case .unreachable(let reason) = ending else { throw ending }
                    if pause == .milliseconds(250) { Output.error("phonebar: \(reason); trying again") }
                }
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
        }
    }

    private func show(_ text: String, _ event: JSON) {
        guard !json else { return Output.line(text) }
        if let gap = event["gap"] {
            let numbers = ["from", "to"].map { gap[$0]?.lenientString ?? "?" }
            return Output.line(Style.bad("events \(numbers[0]) to \(numbers[1]) are gone for good"))
        }
        let time = event["time"]?.string ?? ""
        let name = [event["event"]?.string, event["type"]?.string].compactMap(\.self).joined(separator: " ")
        let data = event["data"] ?? .null
        let words =
            event["event"] == "registration"
            ? RegistrationWording.words(data) : String(decoding: encodedJSON(data), as: UTF8.self)
        let place = Style.dim("\(time) \(event["seq"]?.lenientString ?? "") \(event["seat"]?.string ?? "")")
        Output.line("\(place) \(Style.bold(name)) \(words)")
    }
}

extension JSON {
    /// Where a client that has this message goes on.
    fileprivate var position: LogPosition? {
        let seq = self["seq"] ?? self["gap"]?["to"]
        guard let epoch = self["epoch"]?.string, let seq = seq?.lenientInteger, seq >= 0 else { return nil }
        return LogPosition(epoch: epoch, seq: UInt64(seq))
    }
}
