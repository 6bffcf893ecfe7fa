import Audio
import ControlAPI
import Engine
import Network
import Peer
import SDP
import Wire

extension MediaPath.Statistics {
    /// `codec`, packets both ways, what is heard and said (level in dBFS and dominant frequency in hertz), and the quality.
    var json: JSON {
        [
            "connected": .bool(isConnected),
            "codec": codec.map { .string($0.rawValue) } ?? .null,
            "encryption": encryption.map { .string($0.rawValue) } ?? .null,
            "muted": .bool(isMuted),
            "packetsSent": .integer(Int64(packetsSent)),
            "packetsReceived": .integer(Int64(packetsReceived)),
            "sent": sent.json,
            "received": received.json,
            "quality": .object(qualityMembers),
        ]
    }

    /// Milliseconds, shares from 0 to 1, dBFS; null for what has not been measured.
    var qualityMembers: [String: JSON] {
        [
            "mos": quality.meanOpinionScore.json(decimals: 2),
            "roundTripTime": quality.roundTripTime.json,
            "received": [
                "packets": .integer(Int64(quality.received.packets)),
                "loss": quality.received.loss.json(decimals: 4),
                "lateLoss": quality.received.lateLoss.json(decimals: 4),
                "jitter": quality.received.jitter.json,
                "bufferDelay": quality.received.bufferDelay.json,
                "concealed": quality.received.concealed.json(decimals: 4),
                "level": isConnected ? .number(received.level) : .null,
                "levelAtSender": remoteAttenuation.map { .integer(-Int64($0)) } ?? .null,
            ],
            "sent": [
                "packets": .integer(Int64(quality.sent.packets)),
                "loss": quality.sent.loss.json(decimals: 4),
                "jitter": quality.sent.jitter.json,
                "level": isConnected ? .number(sent.level) : .null,
            ],
        ]
    }
}

extension Double? {
    fileprivate func json(decimals: Int) -> JSON {
        guard let self else { return .null }
        let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
        return .number((self * scale).rounded() / scale)
    }
}

extension Duration? {
    /// Milliseconds, to a tenth.
    fileprivate var json: JSON {
        map { Double($0.nanoseconds) / 1_000_000 }.json(decimals: 1)
    }
}

extension ToneMeter.Reading {
    fileprivate var json: JSON {
        ["level": .number(level), "frequency": frequency.map(JSON.number) ?? .null]
    }
}
