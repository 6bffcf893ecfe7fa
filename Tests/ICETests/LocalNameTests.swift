import ICE
import Testing
import Wire

@Suite("mDNS names") struct LocalNameTests {
    private static let text = "9b36eaac-bb2e-49bb-bb78-21c41c499900.local"

    /// A response with one question of another name, then records; each name is given as its octets.
    private func response(_ records: [(name: [UInt8], type: UInt16, data: [UInt8])], flags: UInt16 = 0x8400) -> [UInt8]
    {
        var writer = ByteWriter()
        for field in [0, flags, 0, UInt16(records.count), 0, 0] { writer.write(field) }
        for record in records {
            writer.write(record.name)
            writer.write(record.type)
            writer.write(UInt16(0x8001))
            writer.write(UInt32(120))
            writer.write(UInt16(record.data.count))
            writer.write(record.data)
        }
        return writer.bytes
    }

    private var encoded: [UInt8] { [36] + Array(Self.text.prefix(36).utf8) + [5] + Array("local".utf8) + [0] }

    @Test("A question asks for all addresses of a name (RFC 6762 §5.1, RFC 1035 §4.1)") func query() throws {
        let name = try #require(LocalName(Self.text))
        #expect(name.query == [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0] + encoded + [0, 255, 0, 1])
    }

    @Test("The answer is the first address of the name, of IPv4 if there is one (RFC 1035 §4.1.3)") func answer() throws
    {
        let name = try #require(LocalName(Self.text.uppercased().replacing("LOCAL", with: "local")))
        let six: [UInt8] = [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [7]
        let both = response([
            ([1, 97, 5] + Array("local".utf8) + [0], 1, [192, 0, 2, 1]), (encoded, 16, [1, 2, 3]), (encoded, 28, six),
            (encoded, 1, [192, 0, 2, 9]),
        ])
        #expect(name.address(in: both.span) == .v4(0xC000_0209))
        #expect(name.address(in: response([(encoded, 28, six)]).span) == IPAddress("2001:db8::7"))
        #expect(name.address(in: response([]).span) == nil)
        #expect(name.address(in: response([(encoded, 1, [192, 0, 2, 9])], flags: 0).span) == nil)
    }

    @Test("A name may point to an earlier one (RFC 1035 §4.1.4)") func pointer() throws {
        let name = try #require(LocalName(Self.text))
        let pointing = response([(encoded, 16, []), ([0xC0, 12], 1, [192, 0, 2, 9])])
        #expect(name.address(in: pointing.span) == .v4(0xC000_0209))
    }

    @Test("A name that points to itself and what is cut off give nothing") func damage() throws {
        let name = try #require(LocalName(Self.text))
        #expect(name.address(in: response([([0xC0, 12], 1, [192, 0, 2, 9])]).span) == nil)
        let whole = response([(encoded, 1, [192, 0, 2, 9])])
        for count in 0..<whole.count { #expect(name.address(in: whole.span.extracting(0..<count)) == nil) }
    }

    @Test(
        "Only names under local are asked for",
        arguments: ["", "local", ".local", "a..local", "a.example", "a.local.b"])
    func foreign(text: String) {
        #expect(LocalName(text) == nil)
    }
}
