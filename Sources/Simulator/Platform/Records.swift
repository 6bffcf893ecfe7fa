import SIP
import Wire

extension Platform {
    struct Connection: Sendable {
        var agent: UserAgent
        /// The extension whose binding leads here.
        var seat: String?
    }

    /// A registered seat.
    struct Presence: Sendable {
        enum Status: String, Sendable { case idle = "1", busy = "2" }

        var connection: ConnectionID
        var contact: URI
        /// Nil until the seat has said it; a seat without a status is not online.
        var status: Status?
        /// `{gid}_{eid}` of `cc a=53`.
        var group: String?
    }

    struct Call: Sendable {
        enum Party: Sendable {
            case customer(Customer)
            case seat(LegID)
        }

        var machine: SeatCall
        let leg: LegID
        let seat: String
        let connection: ConnectionID
        var party: Party?
        /// What the customer is going to do, and when.
        var move: (input: SeatCall.Input, at: Instant)?
        var digits = ""
        var measurement = Measurement()

        var deadline: Instant? { earliest(machine.deadline, move?.at) }

        /// The SIP name of the leg.
        var handle: CallHandle { .outgoing(leg.rawValue) }
    }

    /// How the agent of a call sounds at the platform.
    package struct Measurement: Sendable, Equatable {
        /// Decibels relative to full scale.
        package var level: Double?
        /// The dominant frequency in hertz.
        package var frequency: Double?
        package var packetsReceived: UInt64 = 0
        package var packetsSent: UInt64 = 0
        package var codec: String?

        package init() {}
    }
}
