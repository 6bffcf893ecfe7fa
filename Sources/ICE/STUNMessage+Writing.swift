import Crypto
import Wire

extension STUNMessage {
    /// The datagram, with MESSAGE-INTEGRITY where there is a key, and always with FINGERPRINT (RFC 8489 §14.5, §14.7).
    package func encoded(key: [UInt8]? = nil) -> [UInt8] {
        var writer = ByteWriter(capacity: 160)
        writer.write(kind.rawValue | method & 0x000F | (method & 0x0070) << 1 | (method & 0x0F80) << 2)
        writer.write(UInt16(0))
        writer.write(Self.magicCookie)
        writer.write(transactionID.high)
        writer.write(transactionID.low)
        for attribute in attributes { writer.write(attribute, of: transactionID) }
        if let key {
            writer.setMessageLength(adding: 24)
            let code = HMAC.sha1(key: key, data: writer.bytes)
            writer.writeAttribute(STUNAttributeType.messageIntegrity) { $0.write(code) }
        }
        writer.setMessageLength(adding: 8)
        let checksum = STUNFingerprint.value(of: writer.bytes.span)
        writer.writeAttribute(STUNAttributeType.fingerprint) { $0.write(checksum) }
        return writer.bytes
    }
}

extension ByteWriter {
    fileprivate mutating func setMessageLength(adding more: Int) {
        overwrite(UInt16(truncatingIfNeeded: bytes.count + more - STUNMessage.headerLength), at: 2)
    }

    fileprivate mutating func writeAttribute(_ type: UInt16, value: (inout ByteWriter) -> Void) {
        write(type)
        let lengthOffset = bytes.count
        write(UInt16(0))
        value(&self)
        let length = bytes.count - lengthOffset - 2
        overwrite(UInt16(truncatingIfNeeded: length), at: lengthOffset)
        for _ in 0..<(-length & 3) { write(UInt8(0)) }
    }

    fileprivate mutating func write(_ attribute: STUNAttribute, of transactionID: STUNMessage.TransactionID) {
        switch attribute {
        case .mappedAddress(let endpoint):
            writeAttribute(STUNAttributeType.mappedAddress) { $0.write(mapped: endpoint) }
        case .xorMappedAddress(let endpoint):
            writeAttribute(STUNAttributeType.xorMappedAddress) {
                $0.write(mapped: endpoint.masked(with: transactionID))
            }
        case .xorPeerAddress(let endpoint):
            writeAttribute(STUNAttributeType.xorPeerAddress) { $0.write(mapped: endpoint.masked(with: transactionID)) }
        case .xorRelayedAddress(let endpoint):
            writeAttribute(STUNAttributeType.xorRelayedAddress) {
                $0.write(mapped: endpoint.masked(with: transactionID))
            }
        case .channelNumber(let number):
            writeAttribute(STUNAttributeType.channelNumber) { $0.write(UInt32(number) << 16) }
        case .lifetime(let seconds): writeAttribute(STUNAttributeType.lifetime) { $0.write(seconds) }
        case .data(let bytes): writeAttribute(STUNAttributeType.data) { $0.write(bytes) }
        case .requestedTransport(let number):
            writeAttribute(STUNAttributeType.requestedTransport) { $0.write(UInt32(number) << 24) }
        case .username(let name): writeAttribute(STUNAttributeType.username) { $0.write(name) }
        case .realm(let realm): writeAttribute(STUNAttributeType.realm) { $0.write(realm) }
        case .nonce(let nonce): writeAttribute(STUNAttributeType.nonce) { $0.write(nonce) }
        case .software(let name): writeAttribute(STUNAttributeType.software) { $0.write(name) }
        case .errorCode(let code, let reason):
            writeAttribute(STUNAttributeType.errorCode) {
                $0.write(UInt32(code / 100) << 8 | UInt32(code % 100))
                $0.write(reason)
            }
        case .unknownAttributes(let types):
            writeAttribute(STUNAttributeType.unknownAttributes) { for type in types { $0.write(type) } }
        case .priority(let priority): writeAttribute(STUNAttributeType.priority) { $0.write(priority) }
        case .useCandidate: writeAttribute(STUNAttributeType.useCandidate) { _ in }
        case .iceControlled(let tieBreaker):
            writeAttribute(STUNAttributeType.iceControlled) { $0.write(tieBreaker) }
        case .iceControlling(let tieBreaker):
            writeAttribute(STUNAttributeType.iceControlling) { $0.write(tieBreaker) }
        case .other(let type, let value): writeAttribute(type) { $0.write(value) }
        }
    }

    private mutating func write(mapped endpoint: Endpoint) {
        write(UInt16(endpoint.address.isIPv4 ? 1 : 2))
        write(endpoint.port)
        write(endpoint.address.bytes)
    }
}
