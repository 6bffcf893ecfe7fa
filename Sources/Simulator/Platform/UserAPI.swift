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
        do throws(Fault) {
            switch path {
            case "/Api/Client/getinfo": return success(try operations(query))
            case "/Talk/Api/getEpProfile": return success(try profile(query))
            case "/Talk/Api/getMemberInfo": return success(try memberInfo(query))
            case "/Talk/Api/updateInfo": return success(try update(query))
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
                "allow_auto_answer": "0", "auto_answer_duration": 0, "terminal_need_reg": "1",
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
            "work_number": .string(member.extension), "duty": "", "mobile": "",
            "outside_callnumber": .string(world.switchboardNumber), "address": "",
            "permission": member.isSupervisor ? 1 : "0", "call_limit": "0", "time_limit": 0, "cur_limit_time": "0",
            "inGroups": .array(
                world.groups.map { ["id": .string($0.id), "eid": enterpriseID, "name": .string($0.name)] }),
        ]
    }

    /// Accepts any object; the simulator serves the softphone on the line alone (`callintype` 2).
    private func update(_ query: [String: String]) throws(Fault) -> JSON {
        _ = try enterpriseMember(query)
        let update = try? JSONDecoder().decode(JSON.self, from: Data((query["jsonStr"] ?? "").utf8))
        guard update?["data"]?.object != nil else { throw .badParameter }
        return [:]
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
