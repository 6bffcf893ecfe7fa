import Audio
import Engine
import Network
import Wire

extension MediaPath.Statistics {
    /// `codec`, packets both ways, and what is heard and said: level in dBFS and dominant frequency in hertz.
    var json: JSON {
        [
            "connected": .bool(isConnected),
            "codec": codec.map { .string($0.rawValue) } ?? .null,
            "muted": .bool(isMuted),
            "packetsSent": .integer(Int64(packetsSent)),
            "packetsReceived": .integer(Int64(packetsReceived)),
            "sent": sent.json,
            "received": received.json,
        ]
    }
}

extension ToneMeter.Reading {
    fileprivate var json: JSON {
        ["level": .number(level), "frequency": frequency.map(JSON.number) ?? .null]
    }
}
