import Wire

/// Customers' calls that are offered to a seat, or to a skill group one seat after the other (platform protocol §6).
extension Platform {
    /// Offers a customer's call for the first time; gives its ccNumber.
    mutating func offer(
        _ customer: Customer, to seat: String, group: String?, offers: Int, at now: Instant
    ) -> (ccNumber: String, outputs: [Output]) {
        let leg = addCall(.incoming, of: seat, number: customer.number, party: .customer(customer), at: now)
        calls[leg]?.offering = Call.Offering(group: group, offersLeft: offers - 1)
        let ccNumber = calls[leg]?.machine.ccNumber ?? ""
        return (ccNumber, hand(.begin, to: leg, at: now) + reportBegin(of: leg, at: now))
    }

    /// A seat that refuses is called again at once, unless another one of the group is idle (SDK: 呼叫流程图).
    ///
    /// [assumed] The call keeps its ccNumber.
    mutating func offerAgain(_ call: Call, at now: Instant) -> [Output] {
        guard let offering = call.offering, offering.offersLeft > 0,
            let seat = offering.group.map({ idleSeat(of: $0, after: call.seat) }) ?? idle(call.seat)
        else { return [] }
        let leg = addCall(
            .incoming, of: seat, number: call.machine.number, party: call.party, ccNumber: call.machine.ccNumber,
            at: now)
        calls[leg]?.offering = Call.Offering(group: offering.group, offersLeft: offering.offersLeft - 1)
        calls[leg]?.began = call.began
        calls[leg]?.reportedTo = call.reportedTo
        return hand(.begin, to: leg, at: now)
    }

    private func idle(_ seat: String) -> String? {
        presences[seat]?.status == .idle && isFree(seat) ? seat : nil
    }

    /// The next idle seat that has logged in to a group, in the order of the extensions; `seat` itself comes last.
    func idleSeat(of group: String, after seat: String = "") -> String? {
        let idle = presences.keys.filter { self.group(of: $0) == group && self.idle($0) != nil }.sorted()
        return idle.first { $0 > seat } ?? idle.first
    }

    /// The skill group a seat has logged in to; nil for none.
    func group(of seat: String) -> String? {
        let group = presences[seat]?.group?.split(separator: "_").first.map(String.init)
        return group == "0" ? nil : group
    }
}
