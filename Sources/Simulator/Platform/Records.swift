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
        /// Whether a supervisor asked to be told of the group's calls (`cm a=10`).
        var watchesCalls = false
        /// The call after which the seat is to be busy (`cc a=87`).
        var busyAfter: String?
        /// 52 fixed, 51 mobile.
        var mode = "52"
        /// What the group was told last that the seat does (`service_control`), and since when in Unix time.
        var activity: (code: Int, since: Int64)?
    }

    struct Call: Sendable {
        enum Party: Sendable {
            case customer(Customer)
            case seat(LegID)
        }

        /// An incoming call that is offered again when it is refused.
        struct Offering: Sendable {
            /// The skill group called; nil for the seat alone.
            var group: String?
            var offersLeft: Int
        }

        var machine: SeatCall
        let leg: LegID
        let seat: String
        let connection: ConnectionID
        var room: RoomID
        var party: Party?
        /// Whether the audio is at the seat's telephone, so that there is no leg here.
        var isOnTelephone = false
        /// What the other side, or the seat's telephone, is going to do, and when.
        var move: (input: SeatCall.Input, at: Instant)?
        var isHeld = false
        /// The call to the seat this one is being handed to.
        var transfer: LegID?
        /// The call this one is to take over.
        var transferredFrom: LegID?
        var offering: Offering?
        /// Whether a supervisor who listens has come to be heard.
        var hasJoined = false
        /// When it began, in Unix time, and the supervisors who were told so.
        var began: Int64 = 0
        var reportedTo: [String] = []
        var digits = ""
        var measurement = Measurement()

        var deadline: Instant? { earliest(machine.deadline, move?.at) }

        /// The SIP name of the leg.
        var handle: CallHandle { .outgoing(leg.rawValue) }

        var customer: Customer? { if case .customer(let customer)? = party { customer } else { nil } }
    }

    /// What a call's sound measures at the platform.
    package struct Measurement: Sendable, Equatable {
        /// Of the agent: decibels relative to full scale.
        package var level: Double?
        /// The dominant frequency in hertz.
        package var frequency: Double?
        package var packetsReceived: UInt64 = 0
        package var packetsSent: UInt64 = 0
        package var codec: String?
        /// Of all that the customer hears.
        package var customerLevel: Double?
        package var customerFrequency: Double?

        package init() {}
    }

    /// What an enterprise may and may not do now.
    struct Rules: Sendable {
        /// The switchboard number is suspended (507).
        var isSuspended = false
        /// Within working hours; else 508.
        var isOpen = true
        /// How often a day a customer may be called (512).
        var callsPerCustomer: Int?
        /// After how many seconds a seat is to answer by itself; nil for never.
        var autoAnswer: Int?
        /// Whether a callback telephone has to be registered.
        var telephonesRegister = true
    }
}
