import ControlAPI
import Testing
import Wire

@testable import Seat

@Suite("webApiHandler")
struct QueryStories {
    private let story = Story()
    private static let groups = Command.webApiHandler(functionName: "getGroups", Redacted([:]))

    @Test("Before getUser it is 50001, which the SDK gives as a status")
    func noUser() {
        let result: JSON = ["status": 50001, "info": "参数错误"]
        #expect(story.reply(Self.groups) == .failure(.userUnknown.with(result: result)))
        #expect(story.fetches == [])
    }

    @Test("After getUser it is asked and answered, logged in or not, several at once")
    func answered() {
        story.getUser()
        let first = story.command(Self.groups)
        let second = story.command(.webApiHandler(functionName: "getMemberCallStates", Redacted([:])))
        #expect(story.urls.suffix(2).map { $0.contains("getGroups") } == [true, false])
        let asked = story.fetches.suffix(2)
        story.feed(.fetched(asked.last!, Array(#"{"status":0,"data":[]}"#.utf8)))
        story.feed(.fetched(asked.first!, Array(#"{"status":9,"info":"nein"}"#.utf8)))
        #expect(story.replies[second] == .success(["status": 200, "info": "获取成功", "returnData": []]))
        #expect(story.replies[first] == .failure(.webAPIFailed(.groupsFailed, detail: "nein")))
    }

    @Test("What is not answered fails after ten seconds; what there is none of at once")
    func unanswered() {
        story.getUser()
        let silent = story.command(Self.groups)
        story.advance(by: .seconds(10))
        #expect(story.replies[silent] == .failure(.platformSilent))
        let unknown = story.reply(.webApiHandler(functionName: "nothing", Redacted([:])))
        #expect(unknown == .failure(.webAPIFailed(.unknownRequest)))
    }

    @Test("Sixteen at once, no more")
    func bounded() {
        story.getUser()
        for _ in 0..<16 { story.command(Self.groups) }
        #expect(story.reply(Self.groups) == .failure(.tooManyRequests))
    }
}
