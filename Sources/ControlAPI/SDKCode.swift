/// The result codes the SDK gives out (platform protocol §5), with its own words for them.
package enum SDKCode: Int, Sendable, CaseIterable {
    case serverError = 50000
    case badParameter = 50001
    case noOperationsHost = 50002
    case wrongCredentials = 50003
    case noSuchEnterprise = 50004
    case noLoginData = 50005
    case registrationFailed = 51000
    case connectionFailed = 51001
    case loginStatusFailed = 52000
    case loginGroupFailed = 52001
    case seatModeFailed = 52002
    case changeStatusFailed = 52003
    case holdFailed = 52004
    case unholdFailed = 52005
    case answerFailed = 52008
    case terminateFailed = 52009
    case callInsideFailed = 52010
    case callOutsideFailed = 52011
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
        case .registrationFailed: "SIP注册失败"
        case .connectionFailed: "WSS连接失败"
        case .loginStatusFailed: "设置登录状态失败"
        case .loginGroupFailed: "设置技能组失败"
        case .seatModeFailed: "设置坐席模式失败"
        case .changeStatusFailed: "修改坐席状态失败"
        case .holdFailed: "呼叫保持失败"
        case .unholdFailed: "取消呼叫保持失败"
        case .answerFailed: "接听失败"
        case .terminateFailed: "挂断失败"
        case .callInsideFailed: "呼叫内线失败"
        case .callOutsideFailed: "呼叫外线失败"
        case .logoutFailed: "注销失败"
        }
    }
}

extension Problem {
    /// Why `getUser` failed, for each of the SDK's codes of that call.
    package static func getUserFailed(_ code: SDKCode, detail: String? = nil) -> Problem {
        let status =
            switch code {
            case .wrongCredentials, .noSuchEnterprise: 422
            default: 502
            }
        return Problem(
            status: status, "get-user-failed", "The user could not be had.", detail: detail, code: code.rawValue)
    }
}
