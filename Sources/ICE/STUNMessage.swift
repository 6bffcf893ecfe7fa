import Crypto
import Wire

/// A STUN message (RFC 8489 §5), the attributes ICE and digest authentication use told apart.
package struct STUNMessage: Sendable, Equatable {
    package enum Kind: UInt16, Sendable { case request = 0x000, indication = 0x010, success = 0x100, failure = 0x110 }

    /// The 96 bits that tie a response to its request.
    package struct TransactionID: Hashable, Sendable {
        package var high: UInt32
        package var low: UInt64

        package init(high: UInt32, low: UInt64) {
            self.high = high
            self.low = low
        }

        package init(using randomness: inout Randomness) {
            self.init(high: UInt32(truncatingIfNeeded: randomness.next()), low: randomness.next())
        }
    }

    /// The method numbers of RFC 8489 §18.2 and RFC 8656 §17.
    package static let binding: UInt16 = 0x001
    package static let allocate: UInt16 = 0x003
    package static let refresh: UInt16 = 0x004
    package static let send: UInt16 = 0x006
    package static let data: UInt16 = 0x007
    package static let createPermission: UInt16 = 0x008
    package static let channelBind: UInt16 = 0x009

    package var kind: Kind
    package var method: UInt16
    package var transactionID: TransactionID
    package var attributes: [STUNAttribute]
    /// What MESSAGE-INTEGRITY claims; nil in a message without it, and in one built here.
    package internal(set) var integrity: Integrity?

    package struct Integrity: Sendable, Equatable {
        /// The message up to the attribute, its length field adjusted (RFC 8489 §14.5).
        let covered: [UInt8]
        let code: [UInt8]
    }

    package init(
        _ kind: Kind, method: UInt16 = Self.binding, transactionID: TransactionID, attributes: [STUNAttribute] = []
    ) {
        self.kind = kind
        self.method = method
        self.transactionID = transactionID
        self.attributes = attributes
    }

    /// Whether MESSAGE-INTEGRITY is there and was made with this key.
    package func isAuthentic(key: [UInt8]) -> Bool {
        guard let integrity else { return false }
        return constantTimeEqual(HMAC.sha1(key: key, data: integrity.covered), integrity.code)
    }

    /// The attributes a receiver must understand and does not (RFC 8489 §6.3.1).
    package var unknownRequiredAttributes: [UInt16] {
        attributes.compactMap { if case .other(let type, _) = $0, type < 0x8000 { type } else { nil } }
    }

    static let magicCookie: UInt32 = 0x2112_A442
    static let headerLength = 20
}

extension STUNMessage {
    package var username: String? { first { if case .username(let name) = $0 { name } else { nil } } }

    package var mappedEndpoint: Endpoint? {
        first { if case .xorMappedAddress(let endpoint) = $0 { endpoint } else { nil } }
    }

    package var priority: UInt32? { first { if case .priority(let priority) = $0 { priority } else { nil } } }

    package var errorCode: Int? { first { if case .errorCode(let code, _) = $0 { code } else { nil } } }

    /// What the first attribute of a kind says.
    func first<Value>(_ value: (STUNAttribute) -> Value?) -> Value? {
        for attribute in attributes { if let value = value(attribute) { return value } }
        return nil
    }
}
