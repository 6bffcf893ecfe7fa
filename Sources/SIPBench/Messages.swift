import ArgumentParser
import CAllocations
import Foundation
import SDP
import SIP
import Wire

/// How often a message is read and written in a second of processor time, its session description as well.
struct Messages: ParsableCommand {
    @Argument(help: "The message.")
    var file: String
    @Argument(help: "For how long.")
    var seconds: Double
    private struct Unreadable: Error {}

    func run() throws {
        let message = [UInt8](try Data(contentsOf: URL(filePath: file)))
        try Self.repeatRoundTrip(message)
        let start = processorTime()
        let allocationsBefore = phonebard_allocation_count()
        var messages = 0
        while processorTime() - start < seconds {
            try Self.repeatRoundTrip(message)
            messages += 1000
        }
        let spent = processorTime() - start
        let allocations = Double(phonebard_allocation_count() - allocationsBefore) / Double(messages)
        print("{\"rate\": \(Int(Double(messages) / spent)), \"allocations\": \(allocations)}")
    }

    private static func repeatRoundTrip(_ message: [UInt8]) throws {
        for _ in 0..<1000 {
            guard try roundTrip(message).count > 100 else { throw Unreadable() }
        }
    }

    @inline(never)
    private static func roundTrip(_ message: [UInt8]) throws -> [UInt8] {
        guard case .request(var request) = try Message(message.span) else { throw Unreadable() }
        if request.headers[.contentType] == "application/sdp" {
            request.body = try SessionDescription(parsing: request.body).bytes
        }
        return request.bytes
    }

    private func processorTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
