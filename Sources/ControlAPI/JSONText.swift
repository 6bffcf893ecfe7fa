import FoundationEssentials
import Wire

/// A value as JSON text, members in alphabetical order.
package func encodedJSON(_ value: JSON) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A JSON value whose numbers are finite always encodes.
    guard let data = try? encoder.encode(value) else { return [UInt8]("null".utf8) }
    return [UInt8](data)
}
