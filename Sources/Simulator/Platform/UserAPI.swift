import Crypto
import FoundationEssentials
import Wire

/// The platform's HTTPS calls that give a client its user (platform protocol §1, steps 2 to 4 and 6).
///
/// Numbers are sent as strings about as often as not, as the platform does.
struct UserAPI: Sendable {
    let world: World
    /// `host:port` the client reached this API at, which is where it is sent on to.
    let authority: String
    /// Where SIP over WebSocket is served.
    let sipPort: UInt16

    /// The answer to `GET path?query`, nil where there is no such call.
    func answer(path: String, query: [String: String]) -> JSON? {
        switch path {
        case "/Api/Client/getinfo": operations(query)
        case "/Talk/Api/getEpProfile": authenticated(query) { _ in enterpriseProfile }
        case "/Talk/Api/getMemberInfo": authenticated(query) { memberInfo($0) }
        case "/Talk/Api/updateInfo": authenticated(query) { _ in updated(query) }
        default: nil
        }
    }

    private func operations(_ query: [String: String]) -> JSON {
        switch query["switchNumber"] {
        case world.switchboardNumber: break
        case world.stoppedSwitchboardNumber: return Status.enterpriseStopped.answer
        default: return Status.unknownEnterprise.answer
        }
        if let fault = fault(of: query) { return fault.answer }
        return success([
            "domain": .string(world.domain), "port": .integer(Int64(sipPort)), "real_domain": .string(authority),
            "http_port": .string(authorityPort), "http_ports": .string(authorityPort),
            "epName": .string(world.enterpriseName), "eid": .string(String(world.enterpriseID)),
        ])
    }

    private var authorityPort: String {
        guard let colon = authority.lastIndex(of: ":") else { return "443" }
        return String(authority[colon...].dropFirst())
    }

    private var enterpriseProfile: JSON {
        success([
            "epProfile": [
                "allow_auto_answer": "0", "auto_answer_duration": 0, "terminal_need_reg": "1",
                "extension_start": .string(String(world.extensions.lowerBound)),
                "extension_end": .integer(Int64(world.extensions.upperBound)),
                "switch_number_default": .string(world.switchboardNumber), "allow_monitor": "1", "allow_callcenter": 1,
            ]
        ])
    }

    private func memberInfo(_ member: World.Member) -> JSON {
        let enterpriseID = JSON.string(String(world.enterpriseID))
        return success([
            "id": .string(member.extension), "eid": enterpriseID, "uid": .integer(Int64(member.extension) ?? 0),
            "displayname": .string("坐席" + member.extension), "number": .string(member.extension),
            "work_number": .string(member.extension), "duty": "", "mobile": "",
            "outside_callnumber": .string(world.switchboardNumber), "address": "",
            "permission": member.isSupervisor ? 1 : "0", "call_limit": "0", "time_limit": 0, "cur_limit_time": "0",
            "inGroups": .array(
                world.groups.map { ["id": .string($0.id), "eid": enterpriseID, "name": .string($0.name)] }),
        ])
    }

    /// Accepts any object; the simulator serves the softphone on the line alone (`callintype` 2).
    private func updated(_ query: [String: String]) -> JSON {
        let update = try? JSONDecoder().decode(JSON.self, from: Data((query["jsonStr"] ?? "").utf8))
        guard update?["data"]?.object != nil else { return Status.badParameter.answer }
        return success([:])
    }
}

extension UserAPI {
    /// What is wrong with a request; [assumed] which of the codes that mean the same stands for which fault.
    private enum Status: Int64 {
        case badParameter = 1
        case unknownEnterprise = 3
        case unknownExtension = 4
        case enterpriseStopped = 6
        case wrongPassword = 7
        case accountExpired = 8

        var answer: JSON { ["status": .integer(rawValue), "info": .string("\(self)"), "data": .null] }
    }

    private func success(_ data: JSON) -> JSON {
        ["status": "0", "info": "ok", "data": data]
    }

    private func authenticated(_ query: [String: String], _ body: (World.Member) -> JSON) -> JSON {
        if let fault = fault(of: query) { return fault.answer }
        guard query["eid"] == String(world.enterpriseID) else { return Status.unknownEnterprise.answer }
        guard let member = world.member(query["un"] ?? "") else { return Status.unknownExtension.answer }
        return body(member)
    }

    private func fault(of query: [String: String]) -> Status? {
        guard let member = world.member(query["un"] ?? "") else { return .unknownExtension }
        guard query["pwd"] == MD5.hex(member.password) else { return .wrongPassword }
        return member.hasExpired ? .accountExpired : nil
    }
}
