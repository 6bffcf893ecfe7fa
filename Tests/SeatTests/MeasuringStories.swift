import ControlAPI
import Testing
import Wire

@testable import Seat

@Suite("How calls sound, told from time to time")
struct MeasuringStories {
    private let story = Story()

    private func talk() {
        story.logIn()
        story.command(.call(number: "10010"))
        story.notice(#"<cc a="201" r="200" c="7" n="10010"/>"#)
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="10010"/>"#)
    }

    private var told: [JSON] { story.events.filter { $0.name == .callQuality }.map(\.data) }

    @Test("Every so many seconds until it is not wanted any more, or the call ends")
    func interval() {
        talk()
        #expect(story.reply(.callQuality(ccNumber: "7", interval: .seconds(5))) == .success(["result": true]))
        story.advance(by: .milliseconds(4_999))
        #expect(told == [])
        story.advance(by: .milliseconds(1))
        #expect(told == [["ccNumber": "7", "mos": .number(4.4)]])
        story.advance(by: .seconds(5))
        #expect(told.count == 2)
        #expect(story.reply(.callQuality(ccNumber: "7", interval: nil)) == .success(["result": true]))
        story.advance(by: .seconds(10))
        #expect(told.count == 2)
        story.command(.callQuality(ccNumber: "7", interval: .seconds(1)))
        story.notice(#"<cc a="105" c="7" r="200"/>"#)
        story.advance(by: .seconds(10))
        #expect(told.count == 2)
    }

    @Test("Of a call there is")
    func noCall() {
        #expect(story.reply(.callQuality(ccNumber: "7", interval: .seconds(5))) == .failure(.notLoggedIn))
        story.logIn()
        #expect(story.reply(.callQuality(ccNumber: "7", interval: .seconds(5))) == .failure(.noSuchCall))
    }
}
