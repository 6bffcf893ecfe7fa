import SIP
import Wire

func read(_ bytes: [UInt8]) throws(UnreadableMessage) -> Message {
    try Message(bytes.span)
}

/// A message written with plain line ends.
func read(_ text: String) throws(UnreadableMessage) -> Message {
    try read(wire(text))
}

/// The bytes of a message written with plain line ends.
func wire(_ text: String) -> [UInt8] {
    Array(text.replacing("\n", with: "\r\n").utf8)
}
