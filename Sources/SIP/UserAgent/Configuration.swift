import Wire

extension UserAgent {
    package struct Configuration: Sendable {
        /// From of what is sent and To of REGISTER.
        package var addressOfRecord: NameAddress
        /// Where the far side sends requests; on a WebSocket `sip:user@RANDOM.invalid;transport=ws`.
        package var contact: URI
        /// The sent-by of Via; on a WebSocket a random name under `.invalid` (RFC 7118 §5).
        package var viaHost: String
        /// The transport of Via: `WS` or `WSS`.
        package var transport = "WSS"
        /// The Request-URI of REGISTER; nil is the domain of the address of record.
        package var registrar: URI?
        package var credentials: Credentials?
        /// The value of User-Agent in requests and of Server in responses.
        package var userAgentHeader: String?
        /// Methods outside a dialog that are handed to the owner, and REFER, which is inside a call; the agent answers
        /// every other by itself.
        package var accepted: Set<Method> = [.invite, .message]
        /// Option tags a peer may require (RFC 3261 §8.2.2.3): `100rel`, `timer`, and `replaces` where the owner knows
        /// what to do about it.
        package var supported = ["100rel", "timer"]
        /// The info packages that are taken, in lower case (RFC 6086 §4.2).
        package var infoPackages: [String] = []
        /// The session interval to ask for, in seconds, 90 or more; nil leaves it to the other side whether sessions
        /// have to be refreshed (RFC 4028).
        package var sessionInterval: Int?
        /// How long an INVITE of ours whose Expires does not say it may go without a final response before it is cancelled.
        package var longestRinging = Duration.seconds(300)
        /// A `urn:uuid:` that stays the same over restarts; nil leaves outbound off (RFC 5626 §4.1).
        package var instanceID: String?

        package init(addressOfRecord: NameAddress, contact: URI, viaHost: String) {
            self.addressOfRecord = addressOfRecord
            self.contact = contact
            self.viaHost = viaHost
        }

        /// An agent on a secure WebSocket, its contact under a random name (RFC 7118 §5).
        package init(addressOfRecord: NameAddress, randomness: inout Randomness) {
            let host = randomness.token(length: 12).lowercased() + ".invalid"
            let contact = URI(user: addressOfRecord.uri.user, host: host, parameters: ["transport": "ws"])
            self.init(addressOfRecord: addressOfRecord, contact: contact, viaHost: host)
        }

        /// Every method that is taken, inside a dialog or out of it (RFC 3261 §20.5).
        var allowed: [Method] {
            var always: [Method] = [.invite, .ack, .cancel, .bye, .options, .info, .update, .notify]
            if supported.contains("100rel") { always.append(.prack) }
            if accepted.contains(.refer) { always.append(.subscribe) }
            return always + accepted.filter { !always.contains($0) }.sorted { $0.rawValue < $1.rawValue }
        }

        /// The value of Allow.
        var allow: String { allowed.map(\.rawValue).joined(separator: ", ") }
    }

    package struct Credentials: Sendable {
        package var username: String
        package var password: Redacted<String>
        /// The realm they are good for; nil answers any challenge.
        package var realm: String?

        package init(username: String, password: Redacted<String>, realm: String? = nil) {
            self.username = username
            self.password = password
            self.realm = realm
        }
    }
}
