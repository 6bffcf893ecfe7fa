import Testing
import Wire

@testable import ControlAPI

@Suite("Problems (RFC 9457)")
struct ProblemTests {
    @Test("A problem carries type, title, status and the SDK's code and info")
    func members() {
        let problem = Problem.getUserFailed(.wrongCredentials)
        #expect(
            problem.json == [
                "type": "urn:phonebard:problem:get-user-failed", "title": "The user could not be had.", "status": 422,
                "code": 50003, "info": "分机号码或密码错误",
            ])
    }

    @Test("What the SDK's function would have returned stands beside the problem")
    func result() {
        #expect(Problem.missingParameter("gid").with(result: false).json["result"] == false)
    }

    @Test("JSON text has its members in order and leaves slashes alone")
    func text() {
        let text = String(decoding: encodedJSON(["b": 1, "a": ["x/y", nil, true, .number(1.5)]]), as: UTF8.self)
        #expect(text == #"{"a":["x/y",null,true,1.5],"b":1}"#)
    }
}
