import ControlAPI
import Testing
import Wire

@testable import Seat

@Suite("call with an encrypted number, and with an area code (platform protocol §4)")
struct EncryptedNumberStories {
    private static let seed = "02adc2368daf44c1864b721cc684fb7f"
    private static let encrypted = "dys-klCC1unYJXUFAm85Dg"
    private let story = Story(seed: seed)

    @Test("The platform gets the number, subscribers and the snapshot the encrypted text")
    func decrypted() throws {
        story.logIn()
        #expect(story.reply(.call(number: Self.encrypted, isEncrypted: true)) == .success(["result": 2]))
        #expect(story.bodies.last?.contains(#"t="95588""#) == true)
        story.notice(#"<cc a="201" r="200" c="7" n="95588"/>"#)
        story.invite(for: "7")
        story.notice(#"<cc a="104" c="7" n="95588"/>"#)
        let calls = story.seat.snapshot(at: story.now) { _ in nil }["calls"]
        #expect(calls?.array?.first?["number"] == .string(Self.encrypted))
        story.notice(#"<cc a="105" c="7" n="95588" r="25"/>"#)
        #expect(story.events.map(\.data["n"]) == Array(repeating: .string(Self.encrypted), count: 3))
    }

    @Test("A number in the range of extensions is an inside call, encrypted or not")
    func inside() {
        let story = Story(seed: Self.seed)
        story.profile = #"{"extension_start":100,"extension_end":199}"#
        story.logIn()
        #expect(story.reply(.call(number: "BuHkVDciUVWGTncsjQ_SBw", isEncrypted: true)) == .success(["result": 3]))
        story.notice(#"<cc a="301" r="200" c="7" n="114_00010078"/>"#)
        story.notice(#"<cc a="309" c="7" n="114_00010078"/>"#)
        #expect(story.events.map(\.data["n"]) == Array(repeating: "BuHkVDciUVWGTncsjQ_SBw", count: 2))
    }

    @Test(
        "What came out of a failed decryption is the result, and nothing is dialled",
        arguments: [("DMszado1pOukg9f4b8x4tg", "12a34"), ("2_4gAE7xWKY6HiyOH-q2-A", "abc"), ("95588", "")])
    func failed(encrypted: String, text: String) {
        story.logIn()
        let reply = story.reply(.call(number: encrypted, isEncrypted: true))
        #expect(reply == .failure(.numberNotDecrypted(text)))
        guard case .failure(let problem)? = reply else { return }
        #expect(problem.result == .string(text))
        #expect(story.bodies == [])
        #expect(story.seat.state == .idle)
    }

    @Test("Without a seed no encrypted number is read; a plain one is dialled as ever")
    func noSeed() {
        let story = Story()
        story.logIn()
        #expect(story.reply(.call(number: Self.encrypted, isEncrypted: true)) == .failure(.noEncryptionSeed))
        #expect(story.reply(.call(number: Self.encrypted)) == .failure(.invalidParameter("number")))
        #expect(story.bodies == [])
        #expect(story.reply(.call(number: "95588")) == .success(["result": 2]))
    }

    @Test("A number with an area code is outside, and subscribers are told it as it was given")
    func areaCode() {
        story.logIn()
        for areaCode in ["", "02x", "123456789"] {
            let reply = story.reply(.call(number: "1002", areaCode: areaCode))
            #expect(reply == .failure(.invalidParameter("areaCode")))
        }
        #expect(story.reply(.call(number: "1002", areaCode: "025")) == .success(["result": 2]))
        #expect(story.bodies.last?.contains(#"t="0251002""#) == true)
        story.notice(#"<cc a="201" r="503" n="0251002"/>"#)
        #expect(story.events.last?.data["n"] == "1002")
    }
}
