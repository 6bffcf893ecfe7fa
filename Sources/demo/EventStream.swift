import Foundation
import HTTP
import HTTPTypes
import Logging
import Network
import Wire

/// The daemon's events, one after the other.
final class EventStream: Sendable {
    private let client: WebSocketClient
    private let (opening, opened) = AsyncStream.makeStream(of: Bool.self)
    private let (messages, received) = AsyncStream.makeStream(of: JSON.self)

    init(url: WebSocketURL, token: String) {
        var configuration = WebSocketClient.Configuration(
            url: url, subprotocols: ["phonebard.v1"])
        configuration.fields[.authorization] = "Bearer \(token)"
        let callbacks = WebSocketClient.Callbacks(
            onOpen: { [opened] _ in opened.yield(true) },
            onMessage: { [received] message in
                if let event = try? JSONDecoder().decode(JSON.self, from: Data(message.bytes)) { received.yield(event) }
            },
            onClose: { [opened, received] _ in
                opened.yield(false)
                received.finish()
            })
        client = WebSocketClient(
            configuration, on: QueueExecutor(label: "demo.events"),
            logger: Logger(label: "demo") { _ in SwiftLogNoOpLogHandler() }, callbacks: callbacks)
    }

    func open() async throws {
        client.connect()
        for await isOpen in opening {
            if isOpen { return }
            throw House.Failure(description: "the event stream cannot be opened")
        }
    }

    func next(within patience: Duration) async throws -> JSON {
        try await withThrowingTaskGroup(of: JSON?.self) { group in
            group.addTask { [messages] in
                for await message in messages { return message }
                return nil
            }
            group.addTask {
                try await Task.sleep(for: patience)
                return nil
            }
            defer { group.cancelAll() }
            guard let event = try await group.next() ?? nil else {
                throw House.Failure(description: "no further event came")
            }
            return event
        }
    }
}
