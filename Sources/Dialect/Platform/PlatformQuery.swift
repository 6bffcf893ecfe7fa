import ControlAPI
import Wire

extension Platform {
    package func query(
        _ function: String, _ parameters: [String: String], user: User
    ) throws(Problem) -> any WebQuery {
        guard let function = PlatformQuery.Function(rawValue: function) else {
            throw .webAPIFailed(.unknownRequest)
        }
        return PlatformQuery(function, parameters, user: user)
    }
}

/// What `webApiHandler` asks of the user API once `getUser` knows the agent (platform protocol §1).
///
/// `un`, `pwd` and `eid` are those of `getUser` unless they are given, `pwd` in clear as everywhere.
struct PlatformQuery: WebQuery {
    enum Function: String, CaseIterable {
        case getGroups, searchEpMembers, getMemberCallStates

        /// Beyond those that say who asks.
        var parameters: [String] {
            switch self {
            case .getGroups: ["needMembers"]
            case .searchEpMembers: ["searchGid", "start", "length", "searchServiceControl"]
            case .getMemberCallStates: ["uid"]
            }
        }

        var failure: SDKCode {
            switch self {
            case .getGroups: .groupsFailed
            case .searchEpMembers: .membersFailed
            case .getMemberCallStates: .callStatesFailed
            }
        }
    }

    let url: Redacted<String>
    private let function: Function
    /// The one agent whose call states are asked for.
    private let uid: String?

    init(_ function: Function, _ parameters: [String: String], user: User) {
        self.function = function
        uid = parameters["uid"]
        let identification = [
            ("un", parameters["un"] ?? user.credentials.extensionNumber),
            ("pwd", md5(parameters["pwd"] ?? user.credentials.password.value)),
            ("eid", parameters["eid"] ?? user.enterpriseID),
        ]
        let others = function.parameters.compactMap { name in parameters[name].map { (name, $0) } }
        url = webURL("https://\(user.webDomain)/Talk/Api/\(function.rawValue)", identification + others)
    }

    func answer(_ body: [UInt8]?) throws(Problem) -> JSON {
        guard let body, let answer = try? JSON(parsing: body),
            let status = answer["status"]?.lenientInteger
        else { throw .webAPIFailed(function.failure, detail: "The platform's user API does not answer.") }
        guard status == 0, let data = returnData(answer["data"]) else {
            throw .webAPIFailed(function.failure, detail: answer["info"]?.lenientString)
        }
        return ["status": 200, "info": "获取成功", "returnData": data]
    }

    private func returnData(_ data: JSON?) -> JSON? {
        switch function {
        case .getGroups:
            return data?.array.map { .array($0.map { $0.picking(["id", "eid", "name"]) }) }
        case .searchEpMembers:
            guard let members = data?["data"]?.array else { return nil }
            return [
                "recordsTotal": count(data?["recordsTotal"]), "recordsFiltered": count(data?["recordsFiltered"]),
                "data": .array(members.map(\.member)),
            ]
        case .getMemberCallStates:
            return data?.array.map { states in
                .array(states.filter { uid == nil || $0["uid"]?.lenientString == uid })
            }
        }
    }

    private func count(_ value: JSON?) -> JSON { .integer(value?.lenientInteger ?? 0) }
}

extension JSON {
    fileprivate func picking(_ names: [String]) -> JSON {
        .object(object?.filter { names.contains($0.key) } ?? [:])
    }

    /// The SDK documents `displayname` and uses `displayName` in its example; both are there.
    fileprivate var member: JSON {
        var member = picking(Self.memberNames).object ?? [:]
        member["displayName"] = member["displayname"]
        member["kefuStatus"] =
            switch self["service_control"]?.lenientInteger {
            case 0, nil: 0
            case 1: 1
            default: 2
            }
        return .object(member)
    }

    private static let memberNames = [
        "eid", "uid", "displayname", "number", "mobile", "telephone", "pinyin", "outside_callnumber", "address", "gids",
        "gName", "service_callmode", "service_control", "service_control_time",
    ]
}
