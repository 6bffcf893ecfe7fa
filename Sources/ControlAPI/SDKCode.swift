import Wire

/// The result codes the SDK gives out (platform protocol §5), with its own words for them.
package enum SDKCode: Int, Sendable, CaseIterable {
    case serverError = 50000
    case badParameter = 50001
    case noOperationsHost = 50002
    case wrongCredentials = 50003
    case noSuchEnterprise = 50004
    case noLoginData = 50005
    case callbackNotRegistered = 50006
    case unknownRequest = 50007
    case groupsFailed = 50008
    case membersFailed = 50009
    case callStatesFailed = 50010
    case registrationFailed = 51000
    case connectionFailed = 51001
    case loginStatusFailed = 52000
    case loginGroupFailed = 52001
    case seatModeFailed = 52002
    case changeStatusFailed = 52003
    case holdFailed = 52004
    case unholdFailed = 52005
    case afterCallFailed = 52006
    case afterCallCancelFailed = 52007
    case answerFailed = 52008
    case terminateFailed = 52009
    case callInsideFailed = 52010
    case callOutsideFailed = 52011
    case transferFailed = 52012
    case logoutFailed = 53000

    /// The SDK's `info` text.
    package var info: String {
        switch self {
        case .serverError: "服务器错误"
        case .badParameter: "参数错误"
        case .noOperationsHost: "获取运维地址失败"
        case .wrongCredentials: "分机号码或密码错误"
        case .noSuchEnterprise: "未找到该企业"
        case .noLoginData: "登录信息获取失败"
        case .callbackNotRegistered: "回拨话机未注册"
        case .unknownRequest: "未知请求"
        case .groupsFailed: "获取技能组失败"
        case .membersFailed: "获取坐席失败"
        case .callStatesFailed: "获取坐席通话状态失败"
        case .registrationFailed: "SIP注册失败"
        case .connectionFailed: "WSS连接失败"
        case .loginStatusFailed: "设置登录状态失败"
        case .loginGroupFailed: "设置技能组失败"
        case .seatModeFailed: "设置坐席模式失败"
        case .changeStatusFailed: "修改坐席状态失败"
        case .holdFailed: "呼叫保持失败"
        case .unholdFailed: "取消呼叫保持失败"
        case .afterCallFailed: "设置话后处理状态失败"
        case .afterCallCancelFailed: "取消话后处理状态失败"
        case .answerFailed: "接听失败"
        case .terminateFailed: "挂断失败"
        case .callInsideFailed: "呼叫内线失败"
        case .callOutsideFailed: "呼叫外线失败"
        case .transferFailed: "转接失败"
        case .logoutFailed: "注销失败"
        }
    }
}

extension Problem {
    /// Why `getUser` failed, for each of the SDK's codes of that call.
    package static func getUserFailed(_ code: SDKCode, detail: String? = nil) -> Problem {
        let status =
            switch code {
            case .wrongCredentials, .noSuchEnterprise, .callbackNotRegistered: 422
            default: 502
            }
        return Problem(
            status: status, "get-user-failed", "The user could not be had.", detail: detail, code: code.rawValue)
    }
}

extension Problem {
    /// Why `webApiHandler` failed; what the SDK's function would have given is in `result`.
    package static func webAPIFailed(_ code: SDKCode, detail: String? = nil) -> Problem {
        let (status, title) =
            code == .unknownRequest
            ? (404, "There is no such function.") : (502, "The platform did not give what was asked for.")
        return Problem(status: status, "web-api-failed", title, detail: detail, code: code.rawValue)
            .with(result: ["status": .integer(Int64(code.rawValue)), "info": .string(detail ?? code.info)])
    }

    /// - Parameter result: the platform's notice that it has not handed the call over.
    package static func transferFailed(_ result: JSON) -> Problem {
        Problem(
            status: 502, "transfer-failed", "The call was not handed over.", code: SDKCode.transferFailed.rawValue
        ).with(result: result)
    }

    /// - Parameter text: what came out, which is what the SDK's `call` returns.
    package static func numberNotDecrypted(_ text: String) -> Problem {
        Problem(
            status: 422, "number-not-decrypted", "The encrypted number makes no number.",
            detail: "Nothing was dialled; what came out is in 'result'.", code: SDKCode.badParameter.rawValue
        ).with(result: .string(text))
    }

    package static let noEncryptionSeed = Problem(
        status: 409, "no-encryption-seed", "Encrypted numbers cannot be read.",
        detail: "'platform.encryptionSeed' is not configured.", code: SDKCode.badParameter.rawValue)
}
