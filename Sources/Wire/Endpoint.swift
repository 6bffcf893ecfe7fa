#if canImport(Glibc)
    import Glibc
#endif

/// An IPv4 or IPv6 address; the bits of an IPv6 address are kept as two big-endian halves.
package enum IPAddress: Hashable, Sendable {
    case v4(UInt32)
    case v6(high: UInt64, low: UInt64)

    package static let loopback4 = IPAddress.v4(0x7F00_0001)
    package static let loopback6 = IPAddress.v6(high: 0, low: 1)
    package static let any4 = IPAddress.v4(0)

    /// The address a literal such as `192.0.2.1`, `2001:db8::1` or `[2001:db8::1]` names; host names give nil.
    package init?(_ text: String) {
        let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
        var address4 = in_addr()
        if inet_pton(AF_INET, bare, &address4) == 1 {
            self = .v4(UInt32(bigEndian: address4.s_addr))
            return
        }
        var address6 = in6_addr()
        guard inet_pton(AF_INET6, bare, &address6) == 1 else { return nil }
        self = withUnsafeBytes(of: &address6) { bytes in
            .v6(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }

    /// Four or sixteen bytes in network order.
    package var bytes: [UInt8] {
        var writer = ByteWriter(capacity: 16)
        switch self {
        case .v4(let bits): writer.write(bits)
        case .v6(let high, let low):
            writer.write(high)
            writer.write(low)
        }
        return writer.bytes
    }

    package var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6: self == .loopback6
        }
    }

    /// The address zero, which is nowhere.
    package var isUnspecified: Bool {
        switch self {
        case .v4(let bits): bits == 0
        case .v6(let high, let low): high == 0 && low == 0
        }
    }

    package var isIPv4: Bool {
        if case .v4 = self { true } else { false }
    }
}

extension IPAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .v4(let bits):
            "\(bits >> 24).\(bits >> 16 & 0xFF).\(bits >> 8 & 0xFF).\(bits & 0xFF)"
        case .v6:
            Self.presentation(of: bytes)
        }
    }

    private static func presentation(of bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(AF_INET6, bytes, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// A transport address: an IP address and a port.
package struct Endpoint: Hashable, Sendable, CustomStringConvertible {
    package var address: IPAddress
    package var port: UInt16

    package init(_ address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    package var description: String {
        address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    }
}
