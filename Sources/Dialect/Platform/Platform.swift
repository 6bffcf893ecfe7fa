import ControlAPI
import Wire

/// The dialect of the calling platform behind the browser SDK: XML bodies in SIP MESSAGE (platform protocol §2 and §3).
package struct Platform: Dialect {
    /// What differs between installations of the platform.
    package struct Configuration: Sendable {
        package var hosts: HostTable
        package var directory: Directory?
        /// Whether the SIP domain is written `domain:port`; some gateways want it.
        package var domainHasPort = false
        /// What encrypted numbers are encrypted with: 32 hexadecimal digits that both sides have agreed on.
        package var encryptionSeed: Redacted<String>?
        /// [assumed] The attribute of `cc a=200` that holds a call's area code, which goes before the number if there is none.
        package var areaCodeAttribute: String?
        package var supervisor = Supervisor()

        package init(hosts: HostTable, directory: Directory? = nil, domainHasPort: Bool = false) {
            self.hosts = hosts
            self.directory = directory
            self.domainHasPort = domainHasPort
        }
    }

    let configuration: Configuration

    package init(configuration: Configuration) {
        self.configuration = configuration
    }

    package func lookup(
        _ credentials: Credentials, telephone: Command.Telephone = .here, randomness: Randomness
    ) -> any UserLookup {
        PlatformUserLookup(credentials, telephone: telephone, configuration: configuration, randomness: randomness)
    }

    package func user(_ user: User, loggingInWith credentials: Credentials) -> User {
        var user = user
        user.credentials = credentials
        user.sipUser = sipUser(credentials.extensionNumber, enterprise: user.enterpriseID)
        return user
    }

    package func actions(
        onRegistrationOf user: User, group: String, status: SeatStatus, mode: Command.SeatMode = .fixed
    ) -> [Action] {
        [
            message(Element("cc", ["a": String(status.rawValue)]), user, failure: .loginStatusFailed),
            message(Element("cc", ["a": mode.rawValue]), user, failure: .seatModeFailed),
            message(
                Element("cc", ["a": "53", "g": "\(group)_\(user.enterpriseID)"]), user, failure: .loginGroupFailed),
        ]
    }

    package func action(for verb: Verb, user: User, at now: Moment, using randomness: inout Randomness) -> Action {
        switch verb {
        case .call(let number, .outside, let areaCode):
            message(dialOutside(number, areaCode, user, now, &randomness), user, failure: .callOutsideFailed)
        case .call(let number, .inside, _):
            message(
                dial(["a": "300", "t": sipUser(number, enterprise: user.enterpriseID)], user, now, &randomness),
                user, failure: .callInsideFailed)
        case .answer(let call):
            message(Element("cc", ["a": "102", "c": call]), user, failure: .answerFailed)
        case .hangUp(let call):
            message(Element("cc", ["a": "106", "c": call]), user, failure: .terminateFailed)
        case .hold(let call):
            message(hold(call, a: "1", user), user, failure: .holdFailed)
        case .unhold(let call):
            message(hold(call, a: "2", user), user, failure: .unholdFailed)
        case .transfer(let call, let group, let colleague):
            message(
                Element(
                    "cc",
                    [
                        "a": "31", "c": call, "g": "\(group)_\(user.enterpriseID)",
                        "n": sipUser(colleague, enterprise: user.enterpriseID),
                    ]), user, failure: .transferFailed)
        case .setMode(let mode):
            message(Element("cc", ["a": mode.rawValue]), user, failure: .seatModeFailed)
        case .setAfterCallStatus(let call, let isSet):
            message(
                Element("cc", ["a": "87", "s": isSet ? "2" : "-1", "c": call]), user,
                failure: isSet ? .afterCallFailed : .afterCallCancelFailed)
        case .tone(let key):
            .info(
                contentType: "application/dtmf-relay", body: Array("Signal=\(key)\r\nDuration=100\r\n".utf8),
                failure: .serverError)
        case .monitor(let verb, let call):
            message(configuration.supervisor.body(verb.rawValue, ["ccNumber": call]), user, failure: .serverError)
        case .watchCalls:
            message(configuration.supervisor.body("watchCalls"), user, failure: .serverError)
        case .setStatus(let status):
            message(Element("cc", ["a": String(status.rawValue)]), user, failure: .changeStatusFailed)
        }
    }

    /// A number within the enterprise's range of extensions is an extension, every other one is outside.
    package func kind(ofCallTo number: String, user: User) -> CallKind {
        guard let range = user.extensionRange, number.utf8.first != UInt8(ascii: "+"), let value = Int(number),
            range.contains(value)
        else { return .outside }
        return .inside
    }

    package func clearNumber(ofEncrypted number: String) throws(Problem) -> String {
        guard let seed = configuration.encryptionSeed else { throw .noEncryptionSeed }
        switch NumberCipher(seed: seed).decrypt(number) {
        case .number(let number): return number
        case .failed(let text): throw .numberNotDecrypted(text)
        }
    }

    private func dialOutside(
        _ number: String, _ areaCode: String?, _ user: User, _ now: Moment, _ randomness: inout Randomness
    ) -> Element {
        guard let areaCode, let attribute = configuration.areaCodeAttribute else {
            return dial(["a": "200", "t": (areaCode ?? "") + number], user, now, &randomness)
        }
        return dial(["a": "200", "t": number, attribute: areaCode], user, now, &randomness)
    }

    /// Every call names the switchboard number and is told apart by the time in milliseconds and three digits.
    private func dial(
        _ attributes: [String: String], _ user: User, _ now: Moment, _ randomness: inout Randomness
    ) -> Element {
        let digits = String(1000 + Int.random(in: 0...999, using: &randomness)).suffix(3)
        let common = ["p": user.credentials.switchboardNumber, "i": "\(now.unixMilliseconds)\(digits)"]
        return Element("cc", attributes.merging(common) { $1 })
    }

    /// Who is called back is known to the platform by `9` and the telephone's number.
    private func hold(_ call: CallID, a action: String, _ user: User) -> Element {
        let number = if case .callback(let number) = user.telephone { "9" + number } else { user.sipUser }
        return Element("ch", ["a": action, "number": number, "cc": call])
    }

    private func message(_ element: Element, _ user: User, failure: SDKCode) -> Action {
        .message(
            target: "sip:PBX@\(user.domain)", contentType: "application/pidf+xml", body: element.document,
            failure: failure)
    }
}

/// `{extension}_{eid16}`: the SIP user part of an extension, the enterprise id as eight lower-case hexadecimal digits.
func sipUser(_ extensionNumber: String, enterprise: String) -> String {
    let digits = String(UInt32(enterprise) ?? 0, radix: 16)
    return extensionNumber + "_" + String(repeating: "0", count: 8 - digits.count) + digits
}
