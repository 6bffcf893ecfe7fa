import Testing

@testable import Audio

@Suite struct OggPagesTests {
    @Test("A page is laid out as RFC 3533 §6 has it, its checksum with it")
    func page() {
        var pages = OggPages(serial: 0x0102_0304)
        let first = pages.page(of: [0xAA, 0xBB], isFirst: true)
        #expect(
            Array(first.prefix(22)) == Array("OggS".utf8) + [0, 2] + [0, 0, 0, 0, 0, 0, 0, 0] + [4, 3, 2, 1]
                + [0, 0, 0, 0])
        #expect(Array(first[26...]) == [1, 2, 0xAA, 0xBB])
        var blank = first
        for index in 22..<26 { blank[index] = 0 }
        let checksum = OggPages.checksum(of: blank)
        #expect(Array(first[22..<26]) == (0..<4).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) })
        pages.add([1])
        let last = pages.take(granule: 960, isLast: true)
        #expect(last[5] == 4)
        #expect(Array(last[6..<14]) == [0xC0, 3, 0, 0, 0, 0, 0, 0])
        #expect(last[18] == 1)
    }

    @Test("The checksum is CRC-32 as MPEG-2 has it, but from zero")
    func checksum() {
        #expect(OggPages.checksum(of: Array("123456789".utf8)) == 0x89A1_897F)
    }

    @Test("A packet of 255 bytes or a multiple ends with a segment of none; a page has 255 segments at most (§5)")
    func lacing() {
        var pages = OggPages(serial: 1)
        pages.add([UInt8](repeating: 7, count: 255))
        pages.add([UInt8](repeating: 8, count: 600))
        let page = pages.take(granule: 0, isLast: false)
        #expect(Array(page[26..<32]) == [5, 255, 0, 255, 255, 90])
        #expect(page.count == 32 + 855)
        for _ in 0..<255 { pages.add([1]) }
        #expect(!pages.hasRoom(for: [1]))
    }
}
