import Foundation
import Wire

/// A second opinion on the packets for a collector: reads HEP 3 as its document has it, strictly, and shares no code with us.
enum HomerDecoder {
    struct Failure: Error { let text: String }

    private static let program = """
        import datetime, ipaddress, json, struct, sys

        SIZES = {1: 1, 2: 1, 3: 4, 4: 4, 5: 16, 6: 16, 7: 2, 8: 2, 9: 4, 10: 4, 11: 1, 12: 4}

        def decode(packet):
            magic, total = struct.unpack_from("!4sH", packet)
            assert magic == b"HEP3" and total == len(packet), "header"
            chunks, position = {}, 6
            while position < total:
                vendor, kind, length = struct.unpack_from("!HHH", packet, position)
                assert vendor == 0 and kind not in chunks, f"chunk {vendor}/{kind}"
                value = packet[position + 6 : position + length]
                assert len(value) == length - 6 and len(value) == SIZES.get(kind, len(value)), f"length of chunk {kind}"
                chunks[kind] = value
                position += length
            number = {kind: int.from_bytes(value, "big") for kind, value in chunks.items()}
            assert number[2] == 6 and number[11] == 1, "SIP over TCP"
            source, destination = {2: (3, 4), 10: (5, 6)}[number[1]]

            def endpoint(address, port):
                host = ipaddress.ip_address(chunks[address])
                return f"{host}:{number[port]}" if host.version == 4 else f"[{host}]:{number[port]}"

            time = datetime.datetime.fromtimestamp(number[9], datetime.timezone.utc)
            assert number[10] < 1000000, "microseconds"
            return {
                "from": endpoint(source, 7), "to": endpoint(destination, 8),
                "time": time.strftime("%Y-%m-%dT%H:%M:%S") + f".{number[10] // 1000:03}Z",
                "agent": number[12], "key": chunks[14].decode(), "text": chunks[15].decode(),
            }

        print(json.dumps([decode(bytes.fromhex(line)) for line in sys.stdin]))
        """

    static func decode(_ packets: [[UInt8]]) async throws -> [JSON] {
        let lines = packets.map { packet in
            packet.map { String(UInt16(0x100) + UInt16($0), radix: 16).dropFirst() }.joined() + "\n"
        }
        let outcome = try await LiveProcess("/usr/bin/python3", ["-c", program], environment: [:])
            .run(input: lines.joined())
        guard outcome.status == 0 else { throw Failure(text: outcome.errors) }
        return try JSONDecoder().decode(JSON.self, from: Data(outcome.output.utf8)).array ?? []
    }
}
