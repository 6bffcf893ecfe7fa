import Wire

extension Registrar {
    /// The connection a REGISTER came over (RFC 5626 §3.2).
    package struct Flow: Hashable, Sendable {
        package let rawValue: UInt64
        package init(_ rawValue: UInt64) { self.rawValue = rawValue }
    }

    /// Where requests to an address of record may go.
    package struct Binding: Sendable, Equatable {
        package var addressOfRecord: URI
        package var contact: NameAddress
        /// `+sip.instance` of the contact: the telephone.
        package var instance: String? { contact.parameters["+sip.instance"] }
        /// `reg-id` of a contact of outbound: the number of the telephone's flow (RFC 5626 §4.2.1).
        package var registrationID: UInt32?
        package var flow: Flow
        /// The proxies between, from here (RFC 3327 §5.3).
        package var path: [NameAddress]
        package var callID: String
        package var sequence: UInt32
        package var updated: Instant
        package var expiry: Instant

        /// Whether the other is to be replaced by this: it is of the same flow of the same telephone, or of the same
        /// URI when one of them is not of outbound (RFC 5626 §6, RFC 3261 §10.3 step 7).
        func isSame(as other: Binding) -> Bool {
            guard let registrationID, let theirs = other.registrationID else {
                return contact.uri.isEquivalent(to: other.contact.uri)
            }
            return instance == other.instance && registrationID == theirs
        }

        /// The contact with what is left of its time, rounded up to seconds.
        func contact(at now: Instant) -> NameAddress {
            var contact = contact
            let left = max(expiry - now, .zero).nanoseconds
            contact.parameters["expires"] = String((left + 999_999_999) / 1_000_000_000)
            return contact
        }
    }
}

extension NameAddress {
    /// `q` of a contact in thousandths, the more the better; it is 1 when not said (RFC 3261 §20.10).
    var preference: Int {
        guard let text = parameters["q"], let dot = text.firstIndex(of: ".") else {
            return parameters["q"] == "0" ? 0 : 1000
        }
        let digits = text[text.index(after: dot)...].prefix(3)
        let thousandths = Int(digits + String(repeating: "0", count: 3 - digits.count)) ?? 0
        return text.hasPrefix("1") ? 1000 : thousandths
    }
}
