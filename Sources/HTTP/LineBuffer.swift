import Wire

/// Bytes that have arrived and not yet been understood, read line by line or in counted pieces.
struct LineBuffer: Sendable {
    enum Failure: Error { case bareLineEnd, tooLong }

    private(set) var bytes: [UInt8] = []
    /// Where what is not yet read begins.
    private var start = 0
    /// Up to where no line end was found.
    private var searched = 0

    var count: Int { bytes.count - start }

    mutating func append(_ more: Span<UInt8>) {
        if start > bytes.count / 2 || start == bytes.count {
            bytes.removeSubrange(..<start)
            searched -= start
            start = 0
        }
        more.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
    }

    /// Takes the next line and gives its place in ``bytes`` without its CR LF, nil when it is not complete.
    ///
    /// A CR or LF alone is an error: what one recipient takes for a line end and another does not smuggles requests.
    mutating func takeLine(limit: Int) throws(Failure) -> Range<Int>? {
        switch lineEnd() {
        case .success(let end?):
            let line = start..<end - 1
            start = end + 1
            searched = start
            guard line.count <= limit else { throw .tooLong }
            return line
        case .success(nil):
            searched = bytes.count
            guard count <= limit + 1 else { throw .tooLong }
            return nil
        case .failure(let failure):
            throw failure
        }
    }

    /// Where the LF of the next CR LF is.
    private func lineEnd() -> Result<Int?, Failure> {
        bytes.withUnsafeBufferPointer { bytes in
            var previous = searched > start ? bytes[searched - 1] : 0
            for index in searched..<bytes.count {
                let byte = bytes[index]
                if (byte == 0x0A) != (previous == 0x0D) { return .failure(.bareLineEnd) }
                if byte == 0x0A { return .success(index) }
                previous = byte
            }
            return .success(nil)
        }
    }

    /// Takes up to `limit` bytes and gives their place in ``bytes``.
    mutating func take(upTo limit: Int) -> Range<Int> {
        let range = start..<start + min(limit, count)
        start = range.upperBound
        searched = start
        return range
    }

    /// Takes everything.
    mutating func takeRest() -> [UInt8] {
        let range = take(upTo: count)
        return Array(bytes[range])
    }
}
