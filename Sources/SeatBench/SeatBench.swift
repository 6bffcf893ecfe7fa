import ArgumentParser
import Foundation
import Network
import Synchronization
import Wire

/// Measures the daemon's seats: how soon a request is a SIP message and a notice an event, and many calls of many seats.
@main
struct SeatBench: AsyncParsableCommand {
    @Option(help: "The daemon, a release build.")
    var daemon: String

    @Option(help: "A folder on disk; what is in it goes.")
    var folder: String

    @Option(help: "How many seats log in.")
    var seats = 500

    @Option(help: "How many calls begin in a second.")
    var rate = 50

    @Option(help: "For how long, in seconds.")
    var seconds = 120

    @Option(help: "How many requests and notices are measured one by one.")
    var samples = 1000

    func run() async throws {
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let gateway = Gateway(seats: seats)
        let addresses = try await gateway.start(in: folder)
        try await measureStart(addresses)
        let phone = try await Phone.start(daemon, addresses, in: folder + "/daemon")
        defer { phone.end() }
        let desk = Desk(phone)
        let names = (2001..<2001 + seats).map(String.init)
        try await measureLogins(names, phone, desk)
        try await measureRequests(names[0], phone, gateway)
        try await measureNotices(names[0], gateway, desk)
        try await Load(names, rate: rate, seconds: seconds, phone, gateway, desk).run()
    }

    private func measureStart(_ addresses: Gateway.Addresses) async throws {
        var times: [Double] = []
        for _ in 1...10 {
            let began = MonotonicClock.now
            let phone = try await Phone.start(daemon, addresses, in: folder + "/start")
            let desk = Desk(phone)
            let online = try await desk.event("2001", "statusChanged") { try await phone.logIn("2001") }
            times.append((online.came - began).milliseconds)
            phone.end()
        }
        show("start to registered and online", times, "ms")
    }

    private func measureLogins(_ names: [String], _ phone: Phone, _ desk: Desk) async throws {
        let began = MonotonicClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, name) in names.enumerated() {
                if index >= 16 { try await group.next() }
                group.addTask { _ = try await desk.event(name, "statusChanged") { try await phone.logIn(name) } }
            }
            try await group.waitForAll()
        }
        let took = (MonotonicClock.now - began).milliseconds / 1000
        say("\(names.count) seats online in \(shown(took)) s, memory \(shown(phone.residentMegabytes)) MB")
    }

    private func measureRequests(_ seat: String, _ phone: Phone, _ gateway: Gateway) async throws {
        let connection = try KeptConnection(phone.socket)
        var times: [Double] = []
        for number in 0..<samples {
            let status = number % 2 == 0 ? "2" : "1"
            let sent = Sent()
            let came = await gateway.next(containing: #"<cc a="\#(status)"/>"#) {
                sent.at.withLock { $0 = connection.send(seat, "changeStaus", #"{"status":\#(status)}"#) }
            }
            guard try connection.status() == 200, let sent = sent.at.withLock(\.self) else {
                throw Phone.Failure(text: "changeStaus failed")
            }
            times.append((came - sent).microseconds)
        }
        show("HTTP request in → SIP MESSAGE out", times, "µs")
    }

    private func measureNotices(_ seat: String, _ gateway: Gateway, _ desk: Desk) async throws {
        var times: [Double] = []
        for _ in 0..<samples {
            let offer = try await desk.event(seat, "newPBXCall") {
                guard await gateway.customer("13900000001", "calls", ["extension": .string(seat)]) else {
                    throw Phone.Failure(text: "the seat is not free")
                }
            }
            guard let call = offer.json["data"]?["c"]?.string, let sent = await gateway.offered[call] else {
                throw Phone.Failure(text: "a call nobody made")
            }
            times.append((offer.came - sent).microseconds)
            _ = try await desk.event(seat, "cancelPBXCall") { _ = await gateway.customer("13900000001", "hangup") }
        }
        await gateway.forgetOffers()
        show("notice of the platform in → event at a subscriber", times, "µs")
    }

    private final class Sent: Sendable {
        let at: Mutex<Instant?> = Mutex(nil)
    }
}

extension Duration {
    var microseconds: Double { Double(nanoseconds) / 1000 }
    var milliseconds: Double { Double(nanoseconds) / 1_000_000 }
}

func say(_ line: String) {
    print(line)
    fflush(nil)
}

func shown(_ value: Double) -> String { String(format: "%.1f", value) }

func show(_ name: String, _ values: [Double], _ unit: String) {
    let sorted = values.sorted()
    func percentile(_ share: Double) -> String {
        shown(sorted.isEmpty ? .nan : sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))])
    }
    say("\(name): p50 \(percentile(0.5)), p99 \(percentile(0.99)), max \(percentile(1)) \(unit) of \(sorted.count)")
}
