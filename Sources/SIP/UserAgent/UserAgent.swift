import Wire

/// A SIP user agent on one reliable, message-framed transport such as a WebSocket (RFC 3261, RFC 7118).
///
/// It holds the transactions, the dialogs and the registration of one address of record. Hand in what happened, carry
/// out what comes back in that order, and hand in ``Input/deadlineReached`` when ``deadline`` has come.
package struct UserAgent: Sendable {
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

    package struct Configuration: Sendable {
        /// From of what is sent and To of REGISTER.
        package var addressOfRecord: NameAddress
        /// Where the far side sends requests; on a WebSocket `sip:user@RANDOM.invalid;transport=ws`.
        package var contact: URI
        /// The sent-by of Via; on a WebSocket a random name under `.invalid` (RFC 7118 §5.2).
        package var viaHost: String
        /// The transport of Via: `WS` or `WSS`.
        package var transport = "WSS"
        /// The Request-URI of REGISTER; nil is the domain of the address of record.
        package var registrar: URI?
        package var credentials: Credentials?
        package var userAgentHeader: String?
        /// Methods outside a dialog that are handed to the owner; the agent answers every other by itself.
        package var accepted: Set<Method> = [.message]
        /// Option tags a peer may require (RFC 3261 §8.2.2.3).
        package var supported: [String] = []
        /// RFC 5626 §4.1: a `urn:uuid:` that stays the same over restarts; nil leaves outbound off.
        package var instanceID: String?

        package init(addressOfRecord: NameAddress, contact: URI, viaHost: String) {
            self.addressOfRecord = addressOfRecord
            self.contact = contact
            self.viaHost = viaHost
        }
    }

    package enum Input: Sendable {
        case deadlineReached
        /// A connection is up: requests can go out, and a registration that is wanted is made again.
        case transportConnected
        /// The connection is gone: transactions end, confirmed calls live on (RFC 3261 §17.1.4).
        case transportFailed

        case register(expires: Duration)
        case unregister

        /// A request outside any dialog other than INVITE; challenges are answered with the credentials.
        case send(RequestID, Method, target: URI, headers: Headers = [:], body: [UInt8] = [])
        /// An INVITE; the number is the owner's choice.
        case invite(CallHandle, target: URI, headers: Headers = [:], body: [UInt8] = [])
        /// Ends a call the way its state asks for: CANCEL, a final response or BYE.
        case hangUp(CallHandle, headers: Headers = [:])
        /// A request inside a confirmed call: INFO, MESSAGE, re-INVITE.
        case sendInCall(CallHandle, RequestID, Method, headers: Headers = [:], body: [UInt8] = [])

        /// The answer to ``Output/request(_:_:)``, ``Output/callRequest(_:_:_:)`` or ``Output/callUpdate(_:_:_:)``.
        case respond(RequestToken, status: Int, reason: String? = nil, headers: Headers = [:], body: [UInt8] = [])
        /// A provisional, successful or refusing answer to ``Output/incomingCall(_:_:)``.
        case answer(CallHandle, status: Int, reason: String? = nil, headers: Headers = [:], body: [UInt8] = [])
    }

    package enum Output: Sendable, Equatable {
        /// One whole message for the transport.
        case transmit([UInt8])
        case registration(Registration.State)

        /// The final response to ``Input/send`` or ``Input/sendInCall``.
        case response(RequestID, Response)
        case requestFailed(RequestID, Failure)

        /// A request outside any dialog with an accepted method: the owner must respond.
        case request(RequestToken, Request)

        case incomingCall(CallHandle, Request)
        case callProgress(CallHandle, Response)
        /// The far side took our INVITE; its ACK is already among the outputs.
        case callAnswered(CallHandle, Response)
        /// The ACK of our 2xx came.
        case callConfirmed(CallHandle, Request)
        /// A request inside the call other than BYE and INVITE: the owner must respond.
        case callRequest(CallHandle, RequestToken, Request)
        /// A re-INVITE or UPDATE: the owner must respond, to an offer with an answer in the body.
        case callUpdate(CallHandle, RequestToken, Request)
        case callEnded(CallHandle, CallEnd)

        case diagnostic(Diagnostic)
    }

    /// Why no final response came.
    package enum Failure: Sendable, Equatable {
        case timedOut
        case transport
        /// What the owner asked for cannot be sent now: no such call, or too much is pending.
        case refused
    }

    /// How a call ended; exactly one end is told per call.
    package enum CallEnd: Sendable, Equatable {
        /// Our own BYE or refusal.
        case hungUp
        /// The far side's BYE.
        case bye(Request)
        /// The caller's CANCEL, or our own.
        case cancelled
        /// The final response that refused our INVITE.
        case rejected(Response)
        /// No final response to our INVITE, or no ACK of our 2xx.
        case timedOut
        /// The connection went before the call was confirmed.
        case transport
    }

    /// Facts for the log; none carries an address or a body.
    package enum Diagnostic: Sendable, Equatable {
        case malformed(Malformed)
        case strayResponse(status: Int, Method)
        case answeredByAgent(Method, status: Int)
        case limitReached
    }

    package init(configuration: Configuration, randomness: Randomness) {}

    /// When to hand in ``Input/deadlineReached`` if nothing else happens first.
    package var deadline: Instant? { nil }

    /// Takes one whole message off the transport.
    package mutating func receive(_ message: Span<UInt8>, at now: Instant) -> [Output] { [] }

    package mutating func handle(_ input: Input, at now: Instant) -> [Output] { [] }
}
