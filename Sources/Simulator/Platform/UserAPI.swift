import Crypto
import Wire

/// The platform's HTTPS calls that give a client its user, and those behind `webApiHandler` (platform protocol §1).
///
/// Numbers are sent as strings about as often as not, as the platform does.
struct UserAPI: Sendable {
    let world: World
    /// `host:port` the client reached this API at, which is where it is sent on to.
    let authority: String
    /// Where SIP over WebSocket is served.
    let sipPort: UInt16
    /// What the seats are doing, by extension: a `service_control` of platform protocol §1.
    let activities: [String: Int]
    /// Where the audio of seats goes that have said so, by extension.
    var telephones: [String: Telephone]
    let telephoneConditions: [String: Telephone.Condition]
    let rules: Platform.Rules

    /// The answer to `GET path?query`, nil where there is no such call.
    mutating func answer(path: String, query: [String: String]) -> JSON? {
        do throws(Fault) {
            switch path {
            case "/Api/Client/getinfo": return success(try operations(query))
            case "/Talk/Api/getEpProfile": return success(try profile(query))
            case "/Talk/Api/getMemberInfo": return success(try memberInfo(query))
            case "/Talk/Mapi/checkRegisterStatus": return success(try registerStatus(query))
            case "/Talk/Api/updateInfo": return success(try update(query))
            case "/Talk/Api/getGroups": return success(try groups(query))
            case "/Talk/Api/searchEpMembers": return success(try searchMembers(query))
            case "/Talk/Api/getMemberCallStates": return success(try callStates(query))
            default: return nil
            }
        } catch {
            return ["status": .integer(error.rawValue), "info": .string("\(error)"), "data": .null]
        }
    }

    private func operations(_ query: [String: String]) throws(Fault) -> JSON {
        switch query["switchNumber"] {
        case world.switchboardNumber: break
        case world.stoppedSwitchboardNumber: throw .enterpriseStopped
        default: throw .unknownEnterprise
        }
        _ = try member(query)
        return [
            "domain": .string(world.domain), "port": .integer(Int64(sipPort)), "real_domain": .string(authority),
            "http_port": .string(authorityPort), "http_ports": .string(authorityPort),
            "epName": .string(world.enterpriseName), "eid": .string(String(world.enterpriseID)),
        ]
    }

    private var authorityPort: String {
        guard let colon = authority.lastIndex(of: ":") else { return "443" }
        return String(authority[colon...].dropFirst())
    }

    private func profile(_ query: [String: String]) throws(Fault) -> JSON {
        _ = try enterpriseMember(query)
        return [
            "epProfile": [
                "allow_auto_answer": rules.autoAnswer == nil ? "0" : "1",
                "auto_answer_duration": .integer(Int64(rules.autoAnswer ?? 0)),
                "terminal_need_reg": rules.telephonesRegister ? "1" : "0",
                "extension_start": .string(String(world.extensions.lowerBound)),
                "extension_end": .integer(Int64(world.extensions.upperBound)),
                "switch_number_default": .string(world.switchboardNumber), "allow_monitor": "1", "allow_callcenter": 1,
            ]
        ]
    }

    private func memberInfo(_ query: [String: String]) throws(Fault) -> JSON {
        let member = try enterpriseMember(query)
        let enterpriseID = JSON.string(String(world.enterpriseID))
        return [
            "id": .string(member.extension), "eid": enterpriseID, "uid": .integer(Int64(member.extension) ?? 0),
            "displayname": .string("坐席" + member.extension), "number": .string(member.extension),
            "work_number": .string(member.extension), "duty": "",
            "mobile": .string(telephones[member.extension]?.number ?? ""),
            "outside_callnumber": .string(world.switchboardNumber), "address": "",
            "permission": member.isSupervisor ? 1 : "0", "call_limit": "0", "time_limit": 0, "cur_limit_time": "0",
            "inGroups": .array(world.groups.filter { member.groups.contains($0.id) }.map(json)),
        ]
    }

    /// Step 5. Numbers that end in 404 are bound to no telephone, nor are those a scenario has unbound.
    private func registerStatus(_ query: [String: String]) throws(Fault) -> JSON {
        guard query["eid"] == String(world.enterpriseID), let number = query["mobile"], !number.isEmpty else {
            throw .badParameter
        }
        let unbound = telephones.filter { $0.value.number == number && telephoneConditions[$0.key] == .unbound }
        guard unbound.isEmpty, !number.hasSuffix("404") else { throw .telephoneNotRegistered }
        return [:]
    }

    /// Step 6: where the audio goes from now on.
    private mutating func update(_ query: [String: String]) throws(Fault) -> JSON {
        let member = try enterpriseMember(query)
        let update = try? JSON(parsing: Array((query["jsonStr"] ?? "").utf8))
        guard let data = update?["data"], data.object != nil else { throw .badParameter }
        guard let type = data["callintype"]?.lenientInteger else { return [:] }
        let kind = Telephone.Kind(rawValue: Int(clamping: type))
        guard kind != nil || type == 2 else { throw .badParameter }
        let number = data[kind == .sip ? "sip_telephone" : "telephone"]?.lenientString ?? ""
        guard kind == nil || !number.isEmpty else { throw .badParameter }
        telephones[member.extension] = kind.map { Telephone(kind: $0, number: number) }
        return [:]
    }

    private func groups(_ query: [String: String]) throws(Fault) -> JSON {
        _ = try enterpriseMember(query)
        return .array(world.groups.map(json))
    }

    private func json(_ group: World.Group) -> JSON {
        ["id": .string(group.id), "eid": .string(String(world.enterpriseID)), "name": .string(group.name)]
    }

    /// A page of `length` members of the group `searchGid`, of all without it, from `start` on.
    private func searchMembers(_ query: [String: String]) throws(Fault) -> JSON {
        _ = try enterpriseMember(query)
        let group = query["searchGid"].flatMap { $0.isEmpty ? nil : $0 }
        let found = world.members.filter { member in group.map(member.groups.contains) ?? true }
        let start = max(0, Int(query["start"] ?? "") ?? 0)
        let length = Int(query["length"] ?? "").map { max(0, $0) } ?? found.count
        return [
            "recordsTotal": .string(String(found.count)), "recordsFiltered": .integer(Int64(found.count)),
            "data": .array(found.dropFirst(start).prefix(length).map(entry)),
        ]
    }

    private func entry(_ member: World.Member) -> JSON {
        let names = world.groups.filter { member.groups.contains($0.id) }.map(\.name)
        let telephone = telephones[member.extension]
        return [
            "eid": .string(String(world.enterpriseID)), "uid": .string(member.extension),
            "displayname": .string("坐席" + member.extension), "number": .string(member.extension), "mobile": "",
            "telephone": .string(telephone?.number ?? ""), "pinyin": .string("zuoxi" + member.extension),
            "outside_callnumber": .string(world.switchboardNumber), "address": "",
            "gids": .string(member.groups.joined(separator: ",")), "gName": .string(names.joined(separator: ",")),
            "service_callmode": .string(telephone == nil ? "2" : "1"),
            "service_control": .string(String(activities[member.extension] ?? 0)), "service_control_time": 0,
        ]
    }

    private func callStates(_ query: [String: String]) throws(Fault) -> JSON {
        _ = try enterpriseMember(query)
        return .array(
            world.members.map { member in
                [
                    "uid": .string(member.extension), "number": .string(member.extension),
                    "service_control": .integer(Int64(activities[member.extension] ?? 0)),
                ]
            })
    }
}

extension UserAPI {
    /// What is wrong with a request; [assumed] which of the codes that mean the same stands for which fault.
    private enum Fault: Int64, Error {
        case badParameter = 1
        case unknownEnterprise = 3
        case unknownExtension = 4
        case enterpriseStopped = 6
        case wrongPassword = 7
        case accountExpired = 8
        case telephoneNotRegistered = 9
    }

    private func success(_ data: JSON) -> JSON {
        ["status": "0", "info": "ok", "data": data]
    }

    private func enterpriseMember(_ query: [String: String]) throws(Fault) -> World.Member {
        guard query["eid"] == String(world.enterpriseID) else { throw .unknownEnterprise }
        return try member(query)
    }

    private func member(_ query: [String: String]) throws(Fault) -> World.Member {
        guard let member = world.member(query["un"] ?? "") else { throw .unknownExtension }
        guard query["pwd"] == Digest.md5([UInt8](member.password.utf8)).hex else { throw .wrongPassword }
        guard !member.hasExpired else { throw .accountExpired }
        return member
    }
}
