import ControlAPI
import Crypto
import Wire

/// The HTTP calls behind `getUser` (platform protocol §1), one step after the other.
struct PlatformUserLookup: UserLookup {
    private enum Step {
        case start
        case signKey
        case serverList
        case info
        case enterpriseProfile(Info)
        case memberInfo(Info, Profile)
        case registerStatus(User)
        case update(User)
        case done
    }

    /// What `getinfo` says about where everything else is.
    private struct Info {
        let sipDomain: String
        let webDomain: String
        let enterpriseID: String
    }

    /// What `getEpProfile` says about every agent of the enterprise.
    private struct Profile {
        let extensionRange: ClosedRange<Int>?
        let autoAnswer: Duration?
        /// Whether only registered telephones are called back.
        let needsRegistration: Bool

        init(_ profile: JSON?) {
            let first = profile?["extension_start"]?.lenientInteger.flatMap(Int.init(exactly:))
            let last = profile?["extension_end"]?.lenientInteger.flatMap(Int.init(exactly:))
            extensionRange = if let first, let last, first <= last { first...last } else { nil }
            let seconds = profile?["auto_answer_duration"]?.lenientInteger ?? 0
            autoAnswer = profile?["allow_auto_answer"]?.lenientInteger == 1 ? .seconds(max(0, min(seconds, 60))) : nil
            needsRegistration = profile?["terminal_need_reg"]?.lenientInteger != 0
        }
    }

    private let credentials: Credentials
    private let telephone: Command.Telephone
    /// A telephone's number written `A…Z` is called back without being registered.
    private let isKnown: Bool
    private let configuration: Platform.Configuration
    private var randomness: Randomness
    private var step = Step.start

    init(
        _ credentials: Credentials, telephone: Command.Telephone, configuration: Platform.Configuration,
        randomness: Randomness
    ) {
        self.credentials = credentials
        if case .callback(let number) = telephone, number.count > 2, number.hasPrefix("A"), number.hasSuffix("Z") {
            self.telephone = .callback(number: String(number.dropFirst().dropLast()))
            isKnown = true
        } else {
            self.telephone = telephone
            isKnown = false
        }
        self.configuration = configuration
        self.randomness = randomness
    }

    mutating func handle(_ input: UserLookupInput, at now: Moment) -> UserLookupOutput {
        do throws(Problem) {
            return try advance(input, at: now)
        } catch {
            step = .done
            return .failed(error)
        }
    }

    private mutating func advance(_ input: UserLookupInput, at now: Moment) throws(Problem) -> UserLookupOutput {
        switch (step, input) {
        case (.start, .start):
            if let host = configuration.hosts.host(for: credentials.switchboardNumber) { return fetchInfo(host) }
            return try fetchSignKey(at: now)
        case (.signKey, .fetched(let body)):
            return try fetchServerList(signKey: answer(body, else: .noOperationsHost), at: now)
        case (.serverList, .fetched(let body)):
            return fetchInfo(try operationsHost(in: answer(body, else: .noOperationsHost)))
        case (.info, .fetched(let body)):
            return fetchEnterpriseProfile(try info(answer(body, orStatus: Self.infoFailure)))
        case (.enterpriseProfile(let info), .fetched(let body)):
            return fetchMemberInfo(info, profile: try answer(body, else: .noLoginData))
        case (.memberInfo(let info, let profile), .fetched(let body)):
            return fetchRegisterStatus(of: try user(info, profile, answer(body, else: .noLoginData)), profile)
        case (.registerStatus(let user), .fetched(let body)):
            _ = try answer(body, else: .callbackNotRegistered)
            return update(user)
        case (.update(let user), .fetched(let body)):
            _ = try answer(body, else: .noLoginData)
            step = .done
            return .found(user)
        case (.start, _), (.signKey, _), (.serverList, _), (.info, _), (.enterpriseProfile, _), (.memberInfo, _),
            (.registerStatus, _), (.update, _), (.done, _):
            throw .getUserFailed(.serverError)
        }
    }

    private mutating func fetchSignKey(at now: Moment) throws(Problem) -> UserLookupOutput {
        guard let directory = configuration.directory else {
            throw .getUserFailed(.noOperationsHost, detail: "No host is configured for this switchboard number.")
        }
        step = .signKey
        return fetchSigned("getSignKey", directory, at: now) { time, salt in
            directory.version + time + salt + directory.key
        }
    }

    private mutating func fetchServerList(signKey: JSON, at now: Moment) throws(Problem) -> UserLookupOutput {
        guard let directory = configuration.directory, let key = signKey.lenientString else {
            throw .getUserFailed(.noOperationsHost)
        }
        step = .serverList
        return fetchSigned("getMtServerList", directory, at: now) { time, salt in
            directory.version + time + key + md5(salt)
        }
    }

    private mutating func fetchSigned(
        _ name: String, _ directory: Directory, at now: Moment, toSign: (_ time: String, _ salt: String) -> String
    ) -> UserLookupOutput {
        let time = String(now.unixMilliseconds)
        let salt = String(Int.random(in: 100_000...999_999, using: &randomness))
        return .fetch(
            webURL(
                "http://\(directory.host)/Api/Client/\(name)",
                [("v", directory.version), ("t", time), ("salt", salt), ("sign", md5(toSign(time, salt)))]))
    }

    private func operationsHost(in list: JSON) throws(Problem) -> String {
        let areas = (configuration.directory?.provinces ?? [:]).sorted { $0.key.count > $1.key.count }
        guard
            let province = areas.first(where: { credentials.switchboardNumber.hasPrefix($0.key) })?.value,
            let entry = list.array?.first(where: { $0["province"]?.lenientString == province }),
            let host = entry["s_client_domain"]?.lenientString
        else { throw .getUserFailed(.noOperationsHost) }
        return host
    }

    private mutating func fetchInfo(_ host: String) -> UserLookupOutput {
        step = .info
        let authority = host.contains(":") ? host : "\(host):1047"
        return .fetch(
            webURL(
                "https://\(authority)/Api/Client/getinfo",
                identification + [("switchNumber", credentials.switchboardNumber), ("cFlag", "1")]))
    }

    private static func infoFailure(status: Int64) -> SDKCode {
        switch status {
        case 4, 7, 8: .wrongCredentials
        case 3, 6: .noSuchEnterprise
        default: .serverError
        }
    }

    private func info(_ data: JSON) throws(Problem) -> Info {
        guard
            let domain = data["domain"]?.lenientString, let web = data["real_domain"]?.lenientString,
            let enterpriseID = data["eid"]?.lenientString, UInt32(enterpriseID) != nil
        else { throw .getUserFailed(.serverError, detail: "The platform's getinfo answer is incomplete.") }
        let port = configuration.domainHasPort ? data["port"]?.lenientString : nil
        return Info(
            sipDomain: port.map { "\(domain):\($0)" } ?? domain, webDomain: web, enterpriseID: enterpriseID)
    }

    private mutating func fetchEnterpriseProfile(_ info: Info) -> UserLookupOutput {
        step = .enterpriseProfile(info)
        return fetch("getEpProfile", info)
    }

    private mutating func fetchMemberInfo(_ info: Info, profile: JSON) -> UserLookupOutput {
        step = .memberInfo(info, Profile(profile["epProfile"]))
        return fetch("getMemberInfo", info)
    }

    private func user(_ info: Info, _ profile: Profile, _ member: JSON) throws(Problem) -> User {
        guard var userData = member.object else { throw .getUserFailed(.noLoginData) }
        let groups = userData.removeValue(forKey: "inGroups") ?? []
        return User(
            credentials: credentials,
            displayName: userData["displayname"]?.lenientString ?? credentials.extensionNumber,
            sipUser: sipUser(credentials.extensionNumber, enterprise: info.enterpriseID),
            domain: info.sipDomain, enterpriseID: info.enterpriseID, extensionRange: profile.extensionRange,
            data: ["userData": .object(userData), "inGroups": groups], webDomain: info.webDomain,
            telephone: telephone, autoAnswer: profile.autoAnswer,
            isSupervisor: configuration.supervisor.isSupervisor(userData["permission"]))
    }

    private mutating func fetchRegisterStatus(of user: User, _ profile: Profile) -> UserLookupOutput {
        guard case .callback(let number) = telephone, !isKnown, profile.needsRegistration else { return update(user) }
        step = .registerStatus(user)
        return .fetch(
            webURL(
                "https://\(user.webDomain)/Talk/Mapi/checkRegisterStatus",
                [("mobile", number), ("eid", user.enterpriseID)]))
    }

    /// Tells the platform where the sound goes.
    private mutating func update(_ user: User) -> UserLookupOutput {
        step = .update(user)
        let data: JSON =
            switch telephone {
            case .here: ["callintype": 2]
            case .callback(let number): ["callintype": 4, "telephone": .string(number)]
            case .sip(let number): ["callintype": 5, "sip_telephone": .string(number)]
            }
        let update = String(decoding: encodedJSON(["data": data]), as: UTF8.self)
        return .fetch(
            webURL(
                "https://\(user.webDomain)/Talk/Api/updateInfo",
                identification + [("eid", user.enterpriseID), ("jsonStr", update)]))
    }

    private func fetch(_ name: String, _ info: Info) -> UserLookupOutput {
        .fetch(webURL("https://\(info.webDomain)/Talk/Api/\(name)", identification + [("eid", info.enterpriseID)]))
    }

    private var identification: [(String, String)] {
        [("un", credentials.extensionNumber), ("pwd", md5(credentials.password.value))]
    }
}

extension PlatformUserLookup {
    /// The `data` of an answer whose `status` is 0.
    private func answer(_ body: [UInt8]?, else code: SDKCode) throws(Problem) -> JSON {
        try answer(body) { _ in code }
    }

    private func answer(_ body: [UInt8]?, orStatus code: (Int64) -> SDKCode) throws(Problem) -> JSON {
        guard let body else {
            throw .getUserFailed(code(-1), detail: "The platform's user API does not answer.")
        }
        guard let answer = try? JSON(parsing: body),
            let status = answer["status"]?.lenientInteger
        else { throw .getUserFailed(code(-1), detail: "The platform's answer cannot be read.") }
        guard status == 0 else {
            throw .getUserFailed(code(status), detail: answer["info"]?.lenientString)
        }
        return answer["data"] ?? .null
    }
}

func md5(_ text: String) -> String {
    Digest.md5(Array(text.utf8)).hex
}

func webURL(_ base: String, _ query: [(name: String, value: String)]) -> Redacted<String> {
    Redacted(base + "?" + query.map { "\($0.name)=\(percentEncoded($0.value))" }.joined(separator: "&"))
}

/// Everything but the unreserved characters of RFC 3986 §2.3 is escaped.
private func percentEncoded(_ value: String) -> String {
    let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
    return value.utf8.reduce(into: "") { text, byte in
        if unreserved.contains(byte) {
            text.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            let digits = String(byte, radix: 16, uppercase: true)
            text += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
        }
    }
}
