import Crypto
import Wire

extension STUNMessage {
    package enum ParseFailure: Error, Equatable {
        /// Not a STUN header of RFC 8489 §5, or its length is not the datagram's.
        case notSTUN
        case malformedAttribute
        /// FINGERPRINT is not the last attribute, or not this message's (RFC 8489 §14.7).
        case wrongFingerprint
    }

    /// Parses one datagram; what follows MESSAGE-INTEGRITY is ignored, FINGERPRINT excepted (RFC 8489 §14.5).
    package init(parsing datagram: Span<UInt8>) throws(ParseFailure) {
        do {
            var reader = ByteReader(datagram)
            try self.init(header: &reader, length: datagram.count)
            while reader.remaining > 0 {
                let start = reader.position
                let type = try reader.readUInt16()
                let length = Int(try reader.readUInt16())
                let value = try reader.readSpan(count: length)
                try reader.skip(count: -length & 3)
                try add(type, value, at: start, of: datagram, isLast: reader.remaining == 0)
            }
        } catch let failure as ParseFailure {
            throw failure
        } catch {
            throw .malformedAttribute
        }
    }

    private init(header reader: inout ByteReader, length: Int) throws(ParseFailure) {
        guard length >= Self.headerLength, let type = try? reader.readUInt16(), type < 0x4000,
            let bodyLength = try? reader.readUInt16(), Int(bodyLength) == length - Self.headerLength,
            bodyLength.isMultiple(of: 4), let cookie = try? reader.readUInt32(), cookie == Self.magicCookie,
            let high = try? reader.readUInt32(), let low = try? reader.readUInt64(),
            let kind = Kind(rawValue: type & 0x110)
        else { throw .notSTUN }
        let method = type & 0x000F | (type & 0x00E0) >> 1 | (type & 0x3E00) >> 2
        self.init(kind, method: method, transactionID: TransactionID(high: high, low: low))
    }

    private mutating func add(
        _ type: UInt16, _ value: Span<UInt8>, at offset: Int, of datagram: Span<UInt8>, isLast: Bool
    ) throws(ParseFailure) {
        switch type {
        case STUNAttributeType.fingerprint:
            guard isLast, STUNFingerprint.value(of: datagram.extracting(0..<offset)) == value.bigEndian32 else {
                throw .wrongFingerprint
            }
        case _ where integrity != nil: break
        case STUNAttributeType.messageIntegrity:
            guard value.count == 20 else { throw .malformedAttribute }
            var covered = ByteWriter(capacity: offset)
            covered.write(datagram.extracting(0..<offset))
            covered.overwrite(UInt16(truncatingIfNeeded: offset + 24 - Self.headerLength), at: 2)
            integrity = Integrity(covered: covered.bytes, code: [UInt8](value))
        default: attributes.append(try STUNAttribute(type: type, value: value, of: transactionID))
        }
    }
}

enum STUNFingerprint {
    /// The checksum of what comes before the attribute (RFC 8489 §14.7).
    static func value(of message: Span<UInt8>) -> UInt32 {
        CRC32.checksum(message) ^ 0x5354_554E
    }
}

extension Span<UInt8> {
    fileprivate var bigEndian32: UInt32? {
        var reader = ByteReader(self)
        return count == 4 ? try? reader.readUInt32() : nil
    }
}

extension STUNAttribute {
    fileprivate init(
        type: UInt16, value: Span<UInt8>, of transactionID: STUNMessage.TransactionID
    ) throws(STUNMessage.ParseFailure) {
        guard let attribute = try? Self.parse(type: type, value: value, of: transactionID) else {
            throw .malformedAttribute
        }
        self = attribute
    }

    private static func parse(
        type: UInt16, value: Span<UInt8>, of transactionID: STUNMessage.TransactionID
    ) throws -> STUNAttribute? {
        var reader = ByteReader(value)
        switch type {
        case STUNAttributeType.mappedAddress: return .mappedAddress(try Endpoint(mapped: &reader))
        case STUNAttributeType.xorMappedAddress:
            return .xorMappedAddress(try Endpoint(mapped: &reader).masked(with: transactionID))
        case STUNAttributeType.xorPeerAddress:
            return .xorPeerAddress(try Endpoint(mapped: &reader).masked(with: transactionID))
        case STUNAttributeType.xorRelayedAddress:
            return .xorRelayedAddress(try Endpoint(mapped: &reader).masked(with: transactionID))
        case STUNAttributeType.channelNumber:
            return value.count == 4 ? .channelNumber(try reader.readUInt16()) : nil
        case STUNAttributeType.lifetime: return value.count == 4 ? .lifetime(seconds: try reader.readUInt32()) : nil
        case STUNAttributeType.data: return .data([UInt8](value))
        case STUNAttributeType.requestedTransport:
            return value.count == 4 ? .requestedTransport(try reader.readUInt8()) : nil
        case STUNAttributeType.username: return value.count <= 513 ? .username(String(value)) : nil
        case STUNAttributeType.realm: return value.count <= 763 ? .realm(String(value)) : nil
        case STUNAttributeType.nonce: return value.count <= 763 ? .nonce(String(value)) : nil
        case STUNAttributeType.software: return value.count <= 763 ? .software(String(value)) : nil
        case STUNAttributeType.errorCode: return try errorCode(&reader)
        case STUNAttributeType.unknownAttributes: return try unknownAttributes(&reader)
        case STUNAttributeType.useCandidate: return value.isEmpty ? .useCandidate : nil
        case STUNAttributeType.priority: return value.count == 4 ? .priority(try reader.readUInt32()) : nil
        case STUNAttributeType.iceControlled:
            return value.count == 8 ? .iceControlled(tieBreaker: try reader.readUInt64()) : nil
        case STUNAttributeType.iceControlling:
            return value.count == 8 ? .iceControlling(tieBreaker: try reader.readUInt64()) : nil
        default: return .other(type: type, value: [UInt8](value))
        }
    }

    private static func errorCode(_ reader: inout ByteReader) throws -> STUNAttribute? {
        try reader.skip(count: 2)
        let hundreds = Int(try reader.readUInt8() & 0x07)
        let rest = Int(try reader.readUInt8())
        guard (3...6).contains(hundreds), rest < 100, reader.remaining <= 763 else { return nil }
        return .errorCode(hundreds * 100 + rest, reason: String(try reader.readSpan(count: reader.remaining)))
    }

    private static func unknownAttributes(_ reader: inout ByteReader) throws -> STUNAttribute? {
        var types: [UInt16] = []
        while reader.remaining > 0 { types.append(try reader.readUInt16()) }
        return .unknownAttributes(types)
    }
}

extension Endpoint {
    /// The value of MAPPED-ADDRESS (RFC 8489 §14.1).
    fileprivate init(mapped reader: inout ByteReader) throws {
        try reader.skip(count: 1)
        let family = try reader.readUInt8()
        let port = try reader.readUInt16()
        switch (family, reader.remaining) {
        case (1, 4): self.init(.v4(try reader.readUInt32()), port: port)
        case (2, 16): self.init(.v6(high: try reader.readUInt64(), low: try reader.readUInt64()), port: port)
        default: throw STUNMessage.ParseFailure.malformedAttribute
        }
    }

    /// The obfuscation of XOR-MAPPED-ADDRESS, its own inverse (RFC 8489 §14.2).
    func masked(with transactionID: STUNMessage.TransactionID) -> Endpoint {
        let cookie = STUNMessage.magicCookie
        let port = port ^ UInt16(truncatingIfNeeded: cookie >> 16)
        switch address {
        case .v4(let bits): return Endpoint(.v4(bits ^ cookie), port: port)
        case .v6(let high, let low):
            let mask = UInt64(cookie) << 32 | UInt64(transactionID.high)
            return Endpoint(.v6(high: high ^ mask, low: low ^ transactionID.low), port: port)
        }
    }
}
