import Wire

/// Where a conversation is heard: who is in it, who hears and who is heard there.
package struct RoomID: Hashable, Sendable {
    package let rawValue: UInt64
    package init(_ rawValue: UInt64) { self.rawValue = rawValue }
}

package struct RoomMember: Sendable, Equatable {
    package enum Who: Sendable, Hashable {
        case leg(Platform.LegID)
        case customer(Voice)
        /// For who waits.
        case music
    }

    package var who: Who
    package var hears = true
    package var isHeard = true

    package init(_ who: Who, hears: Bool = true, isHeard: Bool = true) {
        self.who = who
        self.hears = hears
        self.isHeard = isHeard
    }
}

extension Platform {
    /// Says who is in a room, if that is not what was said last.
    mutating func arrange(_ room: RoomID) -> [Output] {
        let members = members(of: room)
        guard members != rooms[room, default: []] else { return [] }
        rooms[room] = members.isEmpty ? nil : members
        return [.mix(room, members)]
    }

    /// A seat that has put the others on hold, or is handing them on, hears nothing of them, and they hear music.
    private func members(of room: RoomID) -> [RoomMember] {
        let inside = calls.values.filter { $0.room == room && $0.machine.state == .talking }
            .sorted { $0.leg.rawValue < $1.leg.rawValue }
        guard inside.contains(where: { $0.machine.kind != .watching }) else { return [] }
        var members = inside.map { call in
            let isPresent = !call.isHeld && call.transfer == nil
            return call.machine.kind == .watching
                ? RoomMember(.leg(call.leg), isHeard: call.hasJoined)
                : RoomMember(.leg(call.leg), hears: isPresent, isHeard: isPresent)
        }
        if let customer = inside.compactMap({ $0.customer }).first {
            members.append(RoomMember(.customer(customer.voice)))
        }
        if inside.contains(where: { $0.isHeld || $0.transfer != nil }) {
            members.append(RoomMember(.music, hears: false))
        }
        return members
    }
}
