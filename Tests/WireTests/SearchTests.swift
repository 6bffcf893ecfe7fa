import Testing
import Wire

@Suite("Bytes are searched eight at a time")
struct SearchTests {
    @Test("A line break is found at every place, whatever stands around it", arguments: 0..<40)
    func lineBreak(place: Int) {
        for (filler, lineBreak) in [(0x09, 0x0D), (0x00, 0x0A), (0x0E, 0x0D), (0x7F, 0x0A), (0x80, 0x0D), (0xFF, 0x0A)]
            as [(UInt8, UInt8)]
        {
            var bytes = [UInt8](repeating: filler, count: 40)
            #expect(bytes.span.firstLineBreak(from: 0, to: 40) == 40)
            bytes[place] = lineBreak
            #expect(bytes.span.firstLineBreak(from: 0, to: 40) == place)
            #expect(bytes.span.firstLineBreak(from: 0, to: place) == place)
            #expect(bytes.span.firstLineBreak(from: place + 1, to: 40) == 40)
        }
    }
}
