import Wire

extension Registrar {
    /// What a REGISTER asks for (RFC 3261 §10.3 steps 6 and 7).
    struct Changes {
        enum Change {
            case bind(Binding)
            case remove(Binding)
            case removeAll

            /// An older request than the one that made a binding does not change it: CSeq orders those of a Call-ID.
            func carryOut(on bindings: inout [Binding], for request: Request) throws(Refusal) {
                let (isTouched, addition): ((Binding) -> Bool, Binding?) =
                    switch self {
                    case .bind(let binding): ({ binding.isSame(as: $0) }, binding)
                    case .remove(let binding): ({ binding.isSame(as: $0) }, nil)
                    case .removeAll: ({ _ in true }, nil)
                    }
                let isLate = bindings.contains {
                    isTouched($0) && $0.callID == request.callID && $0.sequence >= request.cSeq.number
                }
                guard !isLate else { throw Refusal(status: 500) }
                bindings.removeAll(where: isTouched)
                if let addition { bindings.append(addition) }
            }
        }

        private(set) var all: [Change] = []

        init(
            _ request: Request, over flow: Flow, within configuration: Configuration, at now: Instant
        ) throws(Refusal) {
            let values = request.headers.list(.contact)
            if values.contains("*") {
                guard values.count == 1, request.headers[.expires]?.trimmed == "0" else { throw Refusal(status: 400) }
                all = [.removeAll]
                return
            }
            let path: [NameAddress]
            let contacts: [NameAddress]
            do {
                (contacts, path) = (try request.headers.addresses(.contact), try request.headers.addresses(.path))
            } catch {
                throw Refusal(status: 400)
            }
            guard contacts.count <= configuration.bindingsPerAddress else { throw Refusal(status: 403) }
            for contact in contacts {
                let seconds = try Self.expiration(of: contact, in: request, within: configuration)
                var contact = contact
                contact.displayName = nil
                contact.parameters["expires"] = nil
                let binding = Binding(
                    addressOfRecord: request.to.uri, contact: contact,
                    registrationID: Self.registrationID(of: contact, in: request), flow: flow,
                    path: path, callID: request.callID, sequence: request.cSeq.number, updated: now,
                    expiry: now + .seconds(seconds))
                all.append(seconds == 0 ? .remove(binding) : .bind(binding))
            }
        }

        /// What the Contact's own parameter asks for, else the Expires header; nonsense counts as nothing said.
        private static func expiration(
            of contact: NameAddress, in request: Request, within configuration: Configuration
        ) throws(Refusal) -> Int {
            let text = contact.parameters["expires"] ?? request.headers[.expires]?.trimmed
            guard let seconds = text.flatMap({ UInt32($0) }).map(Int.init) else {
                return configuration.longestExpiration
            }
            guard seconds == 0 || seconds >= configuration.shortestExpiration else {
                throw Refusal(status: 423, headers: [.minExpires: String(configuration.shortestExpiration)])
            }
            return min(seconds, configuration.longestExpiration)
        }

        /// Of outbound is a contact with instance and reg-id whose telephone sent it straight here or by way of a proxy
        /// that keeps its flow, which `ob` in Path says (RFC 5626 §6).
        private static func registrationID(of contact: NameAddress, in request: Request) -> UInt32? {
            let keepsFlow =
                request.via.count == 1
                || (try? request.headers.addresses(.path))?.last?.uri.parameters.contains("ob") == true
            guard keepsFlow, contact.parameters["+sip.instance"] != nil,
                let number = contact.parameters["reg-id"].flatMap({ UInt32($0) }), number > 0
            else { return nil }
            return number
        }
    }
}
