import Wire

/// What a client asks a seat to do, in the SDK's words.
package enum Command: Sendable, Equatable {
    case getUser(GetUser)
    case initialize(Initialize)
    case logout
    case call(number: String)
    case answerPBXCall(ccNumber: String)
    case terminate(ccNumber: String)
    case hold(ccNumber: String)
    case unhold(ccNumber: String)
    case mute(ccNumber: String)
    case unmute(ccNumber: String)
    case startRecording(ccNumber: String)
    case stopRecording(ccNumber: String)
    case sendDTMF(Tone)
    case changeStatus(ManualStatus)
    case monitor(MonitorVerb, ccNumber: String)
    case checkMonitorState
    case checkLogin
    case checkSeatState

    /// One of the sixteen tones of a telephone's keys: `0` to `9`, `*`, `#`, `A` to `D` (RFC 4733 §3.2).
    package struct Tone: Sendable, Equatable {
        package let key: Character

        package init?(_ text: String) {
            guard let key = text.first, text.utf8.count == 1, "0123456789*#ABCD".contains(key) else { return nil }
            self.key = key
        }
    }

    /// What an agent can set the seat to.
    package enum ManualStatus: String, Sendable {
        case idle = "1"
        case busy = "2"
    }

    /// The parameters of `getUser`.
    package struct GetUser: Sendable, Equatable {
        /// Extension number.
        package var un: String
        package var pwd: Redacted<String>
        /// The enterprise's switchboard number.
        package var switchnumber: String

        package init(un: String, pwd: Redacted<String>, switchnumber: String) {
            self.un = un
            self.pwd = pwd
            self.switchnumber = switchnumber
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
    package init?(_ operation: Operation, body: Span<UInt8>) throws(Problem) {
        switch operation {
        case .getUser:
            let parameters = try Parameters(body)
            self = .getUser(
                GetUser(
                    un: try parameters.required("un"),
                    pwd: Redacted(try parameters.required("pwd")),
                    switchnumber: try parameters.required("switchnumber")))
        case .initialize:
            self = .initialize(try Self.initialize(Parameters(body)))
        case .logout:
            self = .logout
        case .call:
            let parameters = try Parameters(body)
            guard parameters.optional("callNumType") == nil else { throw .invalidParameter("callNumType") }
            self = .call(number: try parameters.required("number"))
        case .answerPBXCall:
            self = .answerPBXCall(ccNumber: try Parameters(body).required("ccNumber"))
        case .terminate:
            self = .terminate(ccNumber: try Parameters(body).required("ccNumber"))
        case .hold:
            self = .hold(ccNumber: try Parameters(body).required("ccNumber"))
        case .unhold:
            self = .unhold(ccNumber: try Parameters(body).required("ccNumber"))
        case .mute:
            self = .mute(ccNumber: try Parameters(body).required("ccNumber"))
        case .unmute:
            self = .unmute(ccNumber: try Parameters(body).required("ccNumber"))
        case .startRecording:
            self = .startRecording(ccNumber: try Parameters(body).required("ccNumber"))
        case .stopRecording:
            self = .stopRecording(ccNumber: try Parameters(body).required("ccNumber"))
        case .sendDTMF:
            guard let tone = Tone(try Parameters(body).required("string")) else { throw .invalidParameter("string") }
            self = .sendDTMF(tone)
        case .changeStaus, .changeStatus:
            guard let status = ManualStatus(rawValue: try Parameters(body).required("status")) else {
                throw .invalidParameter("status")
            }
            self = .changeStatus(status)
        case .startCallMonitor, .stopCallMonitor, .joinFromMonitor, .exitJoinMonitor, .endCallMonitor, .terminateCall:
            guard let verb = MonitorVerb(rawValue: operation.rawValue) else { return nil }
            self = .monitor(verb, ccNumber: try Parameters(body).required("ccNumber"))
        case .checkMonitorState:
            self = .checkMonitorState
        case .checkLogin:
            self = .checkLogin
        case .checkSeatState:
            self = .checkSeatState
        case .state, .events, .audio, .changeAudio, .createToken, .tokens, .revokeToken, .sipTrace, .healthz, .readyz,
            .contract:
            return nil
        }
    }

    /// Whether it does something to a call that doing it again would do again.
    package var actsOnCall: Bool {
        switch self {
        case .call, .answerPBXCall, .terminate, .hold, .unhold, .mute, .unmute, .startRecording, .stopRecording,
            .sendDTMF, .monitor:
            true
        case .getUser, .initialize, .logout, .changeStatus, .checkLogin, .checkSeatState, .checkMonitorState: false
        }
    }

    /// `init` says false besides naming what is missing, as the SDK does.
    private static func initialize(_ parameters: Parameters) throws(Problem) -> Initialize {
        do throws(Problem) {
            return Initialize(
                un: try parameters.required("un"),
                pwd: Redacted(try parameters.required("pwd")),
                switchnumber: try parameters.required("switchnumber"),
                gid: try parameters.required("gid"),
                socketUri: parameters.optional("socketUri"), remoteAudio: parameters.optional("remoteAudio"))
        } catch {
            throw error.with(result: false)
        }
    }
}
