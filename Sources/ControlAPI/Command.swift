import Wire

/// What a client asks a seat to do, in the SDK's words.
package enum Command: Sendable, Equatable {
    case getUser(GetUser)
    case initialize(Initialize)
    case logout
    case call(number: String, areaCode: String? = nil, isEncrypted: Bool = false)
    case answerPBXCall(ccNumber: String)
    case terminate(ccNumber: String)
    case hold(ccNumber: String)
    case unhold(ccNumber: String)
    case transferPBXCall(Transfer)
    case mute(ccNumber: String)
    case unmute(ccNumber: String)
    case startRecording(ccNumber: String)
    case stopRecording(ccNumber: String)
    case sendDTMF(Keys)
    case callQuality(ccNumber: String, interval: Duration?)
    case changeStatus(ManualStatus)
    case setSeatMode(SeatMode)
    case setAfterCallStatus(ccNumber: String)
    case cancelAfterCallStatus(ccNumber: String)
    /// The parameters may hold a password.
    case webApiHandler(functionName: String, Redacted<[String: String]>)
    case monitor(MonitorVerb, ccNumber: String)
    case checkMonitorState
    case checkLogin
    case checkSeatState

    /// Keys of a telephone to be pressed one after the other: `0` to `9`, `*`, `#`, `A` to `D` (RFC 4733 §3.2), and commas
    /// for pauses.
    package struct Keys: Sendable, Equatable {
        package static let pause: Character = ","
        private static let limit = 32

        package let keys: [Character]

        package init?(_ text: String) {
            keys = Array(text)
            guard (1...Self.limit).contains(text.utf8.count), keys.allSatisfy("0123456789*#ABCD,".contains),
                keys.contains(where: { $0 != Self.pause })
            else { return nil }
        }
    }

    /// What an agent can set the seat to.
    package enum ManualStatus: String, Sendable {
        case idle = "1"
        case busy = "2"
    }

    /// Whether an agent sits at a place or is called back wherever he is; the raw value is the platform's.
    package enum SeatMode: String, Sendable {
        case mobile = "51"
        case fixed = "52"
    }

    /// Where the sound of an agent's calls is: `callintype` and `number` of `getUser2`.
    package enum Telephone: Sendable, Equatable {
        /// 2: here.
        case here
        /// 4: at a telephone the platform calls back.
        case callback(number: String)
        /// 5: at a SIP telephone of its own.
        case sip(number: String)
    }

    /// The parameters of `transferPBXCall`.
    package struct Transfer: Sendable, Equatable {
        /// The colleague's skill group.
        package var gid: String
        /// The colleague's extension number.
        package var transNumber: String
        package var ccNumber: String

        package init(gid: String, transNumber: String, ccNumber: String) {
            self.gid = gid
            self.transNumber = transNumber
            self.ccNumber = ccNumber
        }
    }

    /// The parameters of `getUser` and `getUser2`.
    package struct GetUser: Sendable, Equatable {
        /// Extension number.
        package var un: String
        package var pwd: Redacted<String>
        /// The enterprise's switchboard number.
        package var switchnumber: String
        package var telephone: Telephone

        package init(un: String, pwd: Redacted<String>, switchnumber: String, telephone: Telephone = .here) {
            self.un = un
            self.pwd = pwd
            self.switchnumber = switchnumber
            self.telephone = telephone
        }
    }

    /// The parameters of `init`.
    package struct Initialize: Sendable, Equatable {
        package var un: String
        package var pwd: Redacted<String>
        package var switchnumber: String
        /// Skill group to log in to, `"0"` when the agent is in none.
        package var gid: String
        /// The gateway's `wss:` URI; the configured one when absent.
        package var socketUri: String?
        /// The sink to hear calls on, if there is one of that name.
        package var remoteAudio: String?

        package init(
            un: String, pwd: Redacted<String>, switchnumber: String, gid: String, socketUri: String? = nil,
            remoteAudio: String? = nil
        ) {
            self.un = un
            self.pwd = pwd
            self.switchnumber = switchnumber
            self.gid = gid
            self.socketUri = socketUri
            self.remoteAudio = remoteAudio
        }
    }
}

extension Command {
    /// The command an operation and its JSON body make; nil for what the daemon answers without asking a seat.
    ///
    /// - Parameter parameter: that of the path, if it has one.
    package init?(_ operation: Operation, parameter: String? = nil, body: Span<UInt8>) throws(Problem) {
        switch operation {
        case .getUser:
            self = .getUser(try Self.getUser(Parameters(body)))
        case .getUser2:
            let parameters = try Parameters(body)
            var user = try Self.getUser(parameters)
            user.telephone = try Self.telephone(parameters)
            self = .getUser(user)
        case .initialize:
            self = .initialize(try Self.initialize(Parameters(body)))
        case .logout:
            self = .logout
        case .call:
            let parameters = try Parameters(body)
            self = .call(
                number: try parameters.required("number"), areaCode: try parameters.text("areaCode"),
                isEncrypted: parameters["callNumType"].map { $0 != .null } ?? false)
        case .answerPBXCall:
            self = .answerPBXCall(ccNumber: try Parameters(body).required("ccNumber"))
        case .terminate:
            self = .terminate(ccNumber: try Parameters(body).required("ccNumber"))
        case .hold:
            self = .hold(ccNumber: try Parameters(body).required("ccNumber"))
        case .unhold:
            self = .unhold(ccNumber: try Parameters(body).required("ccNumber"))
        case .transferPBXCall:
            let parameters = try Parameters(body)
            self = .transferPBXCall(
                Transfer(
                    gid: try parameters.required("gid"),
                    transNumber: try parameters.required("transNumber", "tranNumber"),
                    ccNumber: try parameters.required("ccNumber")))
        case .mute:
            self = .mute(ccNumber: try Parameters(body).required("ccNumber"))
        case .unmute:
            self = .unmute(ccNumber: try Parameters(body).required("ccNumber"))
        case .startRecording:
            self = .startRecording(ccNumber: try Parameters(body).required("ccNumber"))
        case .stopRecording:
            self = .stopRecording(ccNumber: try Parameters(body).required("ccNumber"))
        case .sendDTMF:
            guard let keys = Keys(try Parameters(body).required("string")) else { throw .invalidParameter("string") }
            self = .sendDTMF(keys)
        case .callQuality:
            self = try Self.callQuality(Parameters(body))
        case .changeStaus, .changeStatus:
            guard let status = ManualStatus(rawValue: try Parameters(body).required("status")) else {
                throw .invalidParameter("status")
            }
            self = .changeStatus(status)
        case .setSeatMode:
            guard let mode = SeatMode(rawValue: try Parameters(body).required("seatMode")) else {
                throw .invalidParameter("seatMode")
            }
            self = .setSeatMode(mode)
        case .setAfterCallStatus:
            self = .setAfterCallStatus(ccNumber: try Parameters(body).required("ccNumber"))
        case .cancelAfterCallStatus:
            self = .cancelAfterCallStatus(ccNumber: try Parameters(body).required("ccNumber"))
        case .webApiHandler:
            self = .webApiHandler(functionName: parameter ?? "", Redacted(try Parameters(body).texts()))
        case .startCallMonitor, .stopCallMonitor, .joinFromMonitor, .exitJoinMonitor, .endCallMonitor, .terminateCall:
            guard let verb = MonitorVerb(rawValue: operation.rawValue) else { return nil }
            self = .monitor(verb, ccNumber: try Parameters(body).required("ccNumber"))
        case .checkMonitorState:
            self = .checkMonitorState
        case .checkLogin:
            self = .checkLogin
        case .checkSeatState:
            self = .checkSeatState
        case .state, .calls, .callState, .events, .audio, .changeAudio, .createToken, .tokens, .revokeToken, .sipTrace,
            .healthz, .readyz,
            .contract:
            return nil
        }
    }

    /// Whether it does something to a call that doing it again would do again.
    package var actsOnCall: Bool {
        switch self {
        case .call, .answerPBXCall, .terminate, .hold, .unhold, .transferPBXCall, .mute, .unmute, .startRecording,
            .stopRecording, .sendDTMF,
            .setAfterCallStatus, .cancelAfterCallStatus, .monitor:
            true
        case .getUser, .initialize, .logout, .callQuality, .changeStatus, .setSeatMode, .webApiHandler, .checkLogin,
            .checkSeatState,
            .checkMonitorState:
            false
        }
    }

    private static func getUser(_ parameters: Parameters) throws(Problem) -> GetUser {
        GetUser(
            un: try parameters.required("un"), pwd: Redacted(try parameters.required("pwd")),
            switchnumber: try parameters.required("switchnumber"))
    }

    /// `callintype` is 2, 4 or 5, and 2 if it is not there; 4 and 5 need a `number`.
    private static func telephone(_ parameters: Parameters) throws(Problem) -> Telephone {
        switch try parameters.text("callintype") {
        case nil, "2": return .here
        case "4": return .callback(number: try parameters.required("number"))
        case "5": return .sip(number: try parameters.required("number"))
        default: throw .invalidParameter("callintype")
        }
    }

    /// Every 1 to 60 seconds, five if nothing is said, never again for 0.
    private static func callQuality(_ parameters: Parameters) throws(Problem) -> Command {
        let interval = try parameters.number("interval") ?? 5
        guard (0...60).contains(interval) else { throw .invalidParameter("interval") }
        return .callQuality(
            ccNumber: try parameters.required("ccNumber"), interval: interval == 0 ? nil : .seconds(interval))
    }

    /// Room for as many gateways as are tried.
    private static let longestSocketURI = 2048

    /// `init` says false besides naming what is missing, as the SDK does.
    private static func initialize(_ parameters: Parameters) throws(Problem) -> Initialize {
        do throws(Problem) {
            return Initialize(
                un: try parameters.required("un"),
                pwd: Redacted(try parameters.required("pwd")),
                switchnumber: try parameters.required("switchnumber"),
                gid: try parameters.required("gid"),
                socketUri: try parameters.text("socketUri", upTo: longestSocketURI),
                remoteAudio: try parameters.text("remoteAudio"))
        } catch {
            throw error.with(result: false)
        }
    }
}
