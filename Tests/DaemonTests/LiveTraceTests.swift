import Daemon
import Foundation
import HTTPTypes
import Network
import Testing
import Wire

@Suite("The trace of SIP messages, live", .serialized, .timeLimit(.minutes(1)))
struct LiveTraceTests {
    @Test("A login is there as a ladder, as text and as a capture file, without its secrets")
    func login() async throws {
        let house = try await LiveHouse.open()
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        let ladder = try await house.get("diagnostics/sip?format=json").body
        let arrows = try #require(ladder["arrows"]?.array)
        let registers = arrows.filter { $0["cSeq"]?.string?.hasSuffix("REGISTER") == true }
        #expect(
            registers.compactMap { $0["summary"]?.string?.split(separator: " ").first } == [
                "REGISTER", "SIP/2.0", "REGISTER", "SIP/2.0",
            ])
        #expect(registers.map { $0["direction"]?.string } == ["sent", "received", "sent", "received"])
        let authorised = try #require(registers.dropFirst(2).first?["text"]?.string)
        #expect(
            authorised.contains("response=\"\(String(repeating: "x", count: 32))\"")
                || authorised.contains("response=\"\(String(repeating: "x", count: 64))\""))
        let callID = try #require(registers.first?["callID"]?.string)
        let some = try await house.get(
            "diagnostics/sip?format=json&callID=\(callID.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
        ).body
        #expect(some["arrows"]?.array?.count == registers.count)
        #expect(try await house.get("diagnostics/sip?format=xml").status == 400)
        #expect(try await house.ask(.get, "/v1/diagnostics/sip", ["Accept": "image/png"]).status == 406)
        let text = try await house.ask(.get, "/v1/diagnostics/sip", [:])
        #expect(text.fields[.contentType] == "text/plain; charset=utf-8")
        await house.close()
    }

    @Test("A collector gets each message, and reads in it what the ladder shows (HEP 3)")
    func collector() async throws {
        let executor = QueueExecutor(label: "collector")
        let (packets, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        let socket = try UDPSocket(binding: Endpoint(.loopback4, port: 0), on: executor) { datagram, _, _ in
            continuation.yield(datagram.withUnsafeBytes(Array.init))
        }
        let address = socket.localEndpoint
        let house = try await LiveHouse.open {
            $0.trace.collector = address
            $0.trace.collectorKey = Redacted("hush")
        }
        let events = try LiveEvents(house)
        #expect(await events.open() == nil)
        try await house.logIn(events)
        let arrows = try #require(try await house.get("diagnostics/sip?format=json").body["arrows"]?.array)
        var received: [[UInt8]] = []
        for await packet in packets.prefix(arrows.count) { received.append(packet) }
        for (decoded, arrow) in zip(try await HomerDecoder.decode(received), arrows) {
            for member in ["from", "to", "time", "text"] { #expect(decoded[member] == arrow[member]) }
            #expect(decoded["agent"] == 2001)
            #expect(decoded["key"] == "hush")
        }
        #expect(arrows.count >= 10)
        await house.close()
        executor.queue.sync { socket.close() }
    }
}
