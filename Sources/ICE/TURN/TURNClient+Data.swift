import Wire

extension TURNClient {
    /// Whether the server lets datagrams of an address through (RFC 8656 §9).
    enum Permission: Sendable {
        /// What is sent meanwhile waits.
        case asked([(bytes: [UInt8], peer: Endpoint)])
        case granted(renewAt: Instant, isUsed: Bool)
        case refused

        var renewAt: Instant? { if case .granted(let renewAt, _) = self { renewAt } else { nil } }
    }

    /// The short headers of RFC 8656 §12, one for each peer that is sent more than checks.
    struct Channels: Sendable {
        static let firstNumber: UInt16 = 0x4000
        private static let limit = 32

        private var peers: [Endpoint] = []
        private var bound: [Endpoint: UInt16] = [:]

        func number(of peer: Endpoint) -> UInt16? { bound[peer] }

        func peer(of number: UInt16) -> Endpoint? {
            let index = Int(number) - Int(Self.firstNumber)
            return peers.indices.contains(index) ? peers[index] : nil
        }

        /// A number for a peer that has none; nil where one was asked for already, or there are too many.
        mutating func newNumber(for peer: Endpoint) -> UInt16? {
            guard peers.count < Self.limit, !peers.contains(peer) else { return nil }
            peers.append(peer)
            return Self.firstNumber + UInt16(peers.count - 1)
        }

        mutating func bind(_ number: UInt16, to peer: Endpoint) { bound[peer] = number }

        mutating func forget(_ peer: Endpoint) { bound[peer] = nil }

        func numbers(at address: IPAddress) -> [(peer: Endpoint, number: UInt16)] {
            bound.filter { $0.key.address == address }.map { (peer: $0.key, number: $0.value) }
        }
    }

    private enum Limit {
        static let permissions = 64
        static let waiting = 8
        static let frameHeader = 4
    }

    /// Sends a datagram from the relayed address. `transmit` is given what goes to the server for it; nothing is allocated
    /// once the peer has a channel.
    package mutating func send(
        _ datagram: Span<UInt8>, to peer: Endpoint, at now: Instant, transmit: (Span<UInt8>) -> Void
    ) -> [Output] {
        guard case .allocated = state, datagram.count <= Int(UInt16.max) - 64 else { return [] }
        switch permissions[peer.address] {
        case .granted(let renewAt, let isUsed):
            if !isUsed { permissions[peer.address] = .granted(renewAt: renewAt, isUsed: true) }
            if let number = channels.number(of: peer) {
                sendFrame(datagram, on: number, transmit)
                return []
            }
            return [.transmit(indication(datagram, to: peer))] + bindIfUsed(datagram, peer, at: now)
        case .asked(var waiting):
            if waiting.count < Limit.waiting { waiting.append((bytes: [UInt8](datagram), peer: peer)) }
            permissions[peer.address] = .asked(waiting)
            return []
        case .refused: return []
        case nil:
            guard permissions.count < Limit.permissions else { return [] }
            permissions[peer.address] = .asked([(bytes: [UInt8](datagram), peer: peer)])
            return ask(.permission(peer.address), at: now)
        }
    }

    private mutating func sendFrame(_ datagram: Span<UInt8>, on number: UInt16, _ transmit: (Span<UInt8>) -> Void) {
        var frame = exchange(&self.frame, with: [])
        frame.removeAll(keepingCapacity: true)
        frame.append(UInt8(truncatingIfNeeded: number >> 8))
        frame.append(UInt8(truncatingIfNeeded: number))
        frame.append(UInt8(truncatingIfNeeded: datagram.count >> 8))
        frame.append(UInt8(truncatingIfNeeded: datagram.count))
        datagram.withUnsafeBufferPointer { frame.append(contentsOf: $0) }
        if isStream { while !frame.count.isMultiple(of: 4) { frame.append(0) } }
        transmit(frame.span)
        self.frame = frame
    }

    /// RFC 8656 §11.1; an indication is not signed.
    private mutating func indication(_ datagram: Span<UInt8>, to peer: Endpoint) -> [UInt8] {
        STUNMessage(
            .indication, method: STUNMessage.send, transactionID: STUNMessage.TransactionID(using: &randomness),
            attributes: [.xorPeerAddress(peer), .data([UInt8](datagram))]
        ).encoded()
    }

    private mutating func bindIfUsed(_ datagram: Span<UInt8>, _ peer: Endpoint, at now: Instant) -> [Output] {
        guard let first = datagram.isEmpty ? nil : datagram[0], first > 3, let number = channels.newNumber(for: peer)
        else { return [] }
        return ask(.channel(number, peer), at: now)
    }

    mutating func permitted(_ address: IPAddress, at now: Instant) -> [Output] {
        let before = permissions.updateValue(
            .granted(renewAt: now + Timing.renewal, isUsed: false), forKey: address)
        guard case .asked(let waiting) = before else { return [] }
        return waiting.map { .transmit(indication($0.bytes.span, to: $0.peer)) }
    }

    /// What was used since the last time is renewed; a channel renews its peer's permission with it (RFC 8656 §12).
    mutating func renewPermissions(at now: Instant) -> [Output] {
        var outputs: [Output] = []
        for (address, permission) in permissions {
            guard case .granted(let renewAt, let isUsed) = permission, renewAt <= now else { continue }
            guard isUsed else {
                permissions[address] = nil
                continue
            }
            permissions[address] = .granted(renewAt: now + Timing.renewal, isUsed: false)
            let bound = channels.numbers(at: address)
            outputs += bound.flatMap { ask(.channel($0.number, $0.peer), at: now) }
            if bound.isEmpty { outputs += ask(.permission(address), at: now) }
        }
        return outputs
    }

    /// Takes in one message of the server's: a STUN message or a frame of a channel. `deliver` is given the datagram in it,
    /// if there is one; nothing is allocated for a frame.
    package mutating func receive(
        _ message: Span<UInt8>, at now: Instant, deliver: (_ datagram: Span<UInt8>, _ peer: Endpoint) -> Void
    ) -> [Output] {
        guard message.count >= Limit.frameHeader else { return [] }
        if message[0] & 0xC0 == 0x40 {
            receiveFrame(message, deliver)
            return []
        }
        guard let message = try? STUNMessage(parsing: message) else { return [] }
        switch (message.kind, message.method) {
        case (.indication, STUNMessage.data):
            let data = message.first { if case .data(let bytes) = $0 { bytes } else { nil } }
            if let data, let peer = message.first({ if case .xorPeerAddress(let it) = $0 { it } else { nil } }) {
                deliver(data.span, peer)
            }
            return []
        case (.success, _), (.failure, _): return handleResponse(message, at: now)
        case (.request, _), (.indication, _): return []
        }
    }

    private func receiveFrame(_ frame: Span<UInt8>, _ deliver: (Span<UInt8>, Endpoint) -> Void) {
        let number = UInt16(frame[0]) << 8 | UInt16(frame[1])
        let end = Limit.frameHeader + (Int(frame[2]) << 8 | Int(frame[3]))
        guard end <= frame.count, let peer = channels.peer(of: number) else { return }
        deliver(frame.extracting(Limit.frameHeader..<end), peer)
    }
}
