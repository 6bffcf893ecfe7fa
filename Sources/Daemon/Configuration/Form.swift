import Audio
import Crypto
import Dialect
import Foundation
import HTTP
import ICE
import Wire

/// How a value is written, in both directions.
package struct Form<Value: Sendable>: Sendable {
    /// What stands for it in help texts.
    let name: String
    /// What a fault says was expected.
    let expectation: String
    let parse: @Sendable (String) -> Value?
    let write: @Sendable (Value) -> String

    func value(of text: String) throws(Setting.Misfit) -> Value {
        guard let value = parse(text) else { throw Setting.Misfit(text: text) }
        return value
    }
}

extension Form where Value == String {
    static func text(_ name: String, _ expectation: String, _ isValid: @escaping @Sendable (String) -> Bool) -> Self {
        Form(name: name, expectation: expectation, parse: { isValid($0) ? $0 : nil }, write: { $0 })
    }

    static let path = text("FILE", "a path") { !$0.isEmpty }
    static let folder = text("FOLDER", "a path") { !$0.isEmpty }
    static let word = text("TEXT", "a text") { !$0.isEmpty }
    static let name = text("NAME", "a name of letters and digits that begins with a letter") { text in
        text.first?.isLetter == true
            && text.utf8.allSatisfy {
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 | 0x20
            }
    }
    static let host = text("HOST[:PORT]", "a host name or address, with a port if need be") {
        !$0.isEmpty && !$0.contains { " /@?#*".contains($0) }
    }
    /// As browsers write it, which leave the scheme's own port out.
    static let origin = text("ORIGIN", "a web page's origin such as https://crm.example, without the scheme's own port")
    {
        text in
        let parts = text.split(separator: "://", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return false }
        let isUsual =
            parts[0] == "https" && parts[1].hasSuffix(":443") || parts[0] == "http" && parts[1].hasSuffix(":80")
        return !isUsual && !parts[1].contains { " /*?#".contains($0) }
    }
    static let supervisorBody = text(
        "XML", "one element with attributes that are fixed or a place such as {ccNumber}",
        Platform.Supervisor.isTemplate)
    static let socketURI = text("URI", "a URI such as wss://gateway.example:4443") { WebSocketURL($0) != nil }
}

extension Form where Value == PublicKeyPin {
    /// As curl and others write them.
    static let pin = Form(
        name: "sha256//BASE64", expectation: "sha256// and a digest of 32 bytes in Base 64",
        parse: { text in
            guard text.hasPrefix(prefix), let digest = Data(base64Encoded: String(text.dropFirst(prefix.count))) else {
                return nil
            }
            return PublicKeyPin(digest: Array(digest))
        },
        write: { prefix + Data($0.digest).base64EncodedString() })

    private static let prefix = "sha256//"
}

extension Form where Value == WebSocketURL {
    static let hostAndPort = Form(
        name: "HOST:PORT", expectation: "a host name or address and a port",
        parse: { text in
            WebSocketURL("http://" + text, schemes: ("http", "https")).flatMap { $0.hostAndPort == text ? $0 : nil }
        },
        write: { $0.hostAndPort })
}

extension Form where Value == ServerURI {
    static let iceServer = Form(
        name: "URI",
        expectation: "stun:HOST[:PORT], turn:HOST[:PORT][?transport=udp|tcp] or turns:HOST[:PORT]",
        parse: { ServerURI($0) }, write: { $0.text })
}

extension Form where Value == Redacted<String> {
    static let secret = Form(
        name: "SECRET", expectation: "a secret", parse: { $0.isEmpty ? nil : Redacted($0) }, write: { "\($0)" })
}

extension Form where Value == Bool {
    static let truth = Form(
        name: "true|false", expectation: "true or false", parse: { Bool($0) }, write: { "\($0)" })
}

extension Form where Value == Int {
    static func count(_ range: ClosedRange<Int>) -> Form {
        Form(
            name: "NUMBER", expectation: "a whole number from \(range.lowerBound) to \(range.upperBound)",
            parse: { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }, write: { "\($0)" })
    }

    private static let sizeUnits = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)]

    static func size(_ range: ClosedRange<Int>) -> Form {
        Form(
            name: "SIZE",
            expectation:
                "a size from \(written(range.lowerBound, sizeUnits)) to \(written(range.upperBound, sizeUnits))",
            parse: { text in parsed(text, sizeUnits + [("", 1)]).flatMap { range.contains($0) ? $0 : nil } },
            write: { written($0, sizeUnits) })
    }
}

extension Form where Value == Duration {
    private static let milliseconds = [
        ("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000), ("ms", 1),
    ]

    static func duration(_ range: ClosedRange<Duration>) -> Form {
        let write: @Sendable (Duration) -> String = { written(Int($0.nanoseconds / 1_000_000), milliseconds) }
        return Form(
            name: "DURATION",
            expectation: "a duration from \(write(range.lowerBound)) to \(write(range.upperBound))",
            parse: { text in
                guard let number = parsed(text, milliseconds) else { return nil }
                let duration = Duration.milliseconds(number)
                return range.contains(duration) ? duration : nil
            },
            write: write)
    }
}

/// In the largest unit that leaves no fraction.
private func written(_ number: Int, _ units: [(name: String, value: Int)]) -> String {
    for (name, value) in units where number != 0 && number.isMultiple(of: value) { return "\(number / value)\(name)" }
    return "\(number)\(units.last?.name ?? "")"
}

private func parsed(_ text: String, _ units: [(name: String, value: Int)]) -> Int? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits), let unit = units.first(where: { $0.name == text.dropFirst(digits.count) }) else {
        return nil
    }
    let (product, overflows) = number.multipliedReportingOverflow(by: unit.value)
    return overflows ? nil : product
}

extension Form where Value == Endpoint {
    static let endpoint = Form(
        name: "ADDRESS:PORT", expectation: "an address and port such as 127.0.0.1:8460 or [::1]:8460",
        parse: { text in
            guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]),
                let address = IPAddress(String(text[..<colon])), address.isIPv4 || text.hasPrefix("[")
            else { return nil }
            return Endpoint(address, port: port)
        },
        write: { "\($0)" })
}

extension Form where Value == IPAddress {
    static let address = Form(
        name: "ADDRESS", expectation: "an IP address", parse: { IPAddress($0) }, write: { "\($0)" })
}

extension Form where Value == AudioDevice {
    static let microphone = Form(
        name: "DEVICE", expectation: "pulse[:SOURCE,…], wav:FILE[,once], tone:HERTZ[,DECIBELS] or null",
        parse: { AudioDevice($0) }, write: { $0.text })

    static let speaker = Form(
        name: "DEVICE", expectation: "pulse[:SINK,…], wav:FILE or null",
        parse: { text in
            guard let device = AudioDevice(text) else { return nil }
            if case .tone = device { return nil }
            return device
        },
        write: { $0.text })
}

extension AudioDevice {
    /// What ``init(_:)`` takes.
    var text: String {
        switch self {
        case .null: "null"
        case .tone(let frequency, let level): "tone:\(frequency),\(level)"
        case .wav(let path, let repeats): "wav:" + path + (repeats ? "" : ",once")
        case .pulse where self == .pulse: "pulse"
        case .pulse(let names): "pulse:" + names.joined(separator: ",")
        }
    }
}

extension Form where Value: CaseIterable & RawRepresentable<String> {
    static var choice: Form {
        let all = Value.allCases.map(\.rawValue)
        return Form(
            name: all.joined(separator: "|"),
            expectation: all.dropLast().joined(separator: ", ") + " or " + (all.last ?? ""),
            parse: { Value(rawValue: $0) }, write: { $0.rawValue })
    }
}
