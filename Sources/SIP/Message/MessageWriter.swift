/// Writes a message into memory that was measured for it.
struct MessageWriter {
    private let memory: UnsafeMutableBufferPointer<UInt8>
    private var count = 0

    private init(_ memory: UnsafeMutableBufferPointer<UInt8>) {
        self.memory = memory
    }

    /// The bytes that are written, no more than the capacity.
    static func bytes(capacity: Int, _ write: (inout MessageWriter) -> Void) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
            var writer = MessageWriter(memory)
            write(&writer)
            count = writer.count
        }
    }

    mutating func write(_ slice: Slice, of bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { write(UnsafeBufferPointer(rebasing: $0[slice.range])) }
    }

    mutating func write(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { write($0) }
    }

    mutating func write(literal: StaticString) {
        write(UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Writes a text in which nothing can end the line.
    mutating func write(onOneLine text: String) {
        let start = count
        var text = text
        text.withUTF8 { write($0) }
        for index in start..<count where memory[index] == .carriageReturn || memory[index] == .lineFeed {
            memory[index] = UInt8(ascii: " ")
        }
    }

    mutating func write(_ number: UInt32) {
        if number >= 10 { write(number / 10) }
        precondition(count < memory.count)
        memory[count] = UInt8(ascii: "0") + UInt8(number % 10)
        count += 1
    }

    private mutating func write(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let target = memory.baseAddress, let source = bytes.baseAddress else { return }
        precondition(bytes.count <= memory.count - count)
        (target + count).initialize(from: source, count: bytes.count)
        count += bytes.count
    }
}
