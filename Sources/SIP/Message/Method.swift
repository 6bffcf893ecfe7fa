/// A request's method; case matters (RFC 3261 §7.1).
package struct Method: Hashable, Sendable, RawRepresentable, ExpressibleByStringLiteral {
    package let rawValue: String

    package init(rawValue: String) { self.rawValue = rawValue }
    package init(stringLiteral value: String) { rawValue = value }

    package static let ack: Method = "ACK"
    package static let bye: Method = "BYE"
    package static let cancel: Method = "CANCEL"
    package static let info: Method = "INFO"
    package static let invite: Method = "INVITE"
    package static let message: Method = "MESSAGE"
    package static let notify: Method = "NOTIFY"
    package static let options: Method = "OPTIONS"
    package static let prack: Method = "PRACK"
    package static let publish: Method = "PUBLISH"
    package static let refer: Method = "REFER"
    package static let register: Method = "REGISTER"
    package static let subscribe: Method = "SUBSCRIBE"
    package static let update: Method = "UPDATE"
}

extension Method: CustomStringConvertible {
    package var description: String { rawValue }
}
