/// A WAV file that grows; its header is right after every ``append(_:)``, so that what a crash leaves can be played.
final class WAVFile {
    private let file: OutputFile
    private let format: WAVFormat
    private var dataLength = 0

    init(_ file: consuming OutputFile, _ format: WAVFormat) throws(OutputFile.Failure) {
        self.file = file
        self.format = format
        try self.file.append(format.header(dataLength: 0))
    }

    func append(_ samples: ArraySlice<Int16>) throws(OutputFile.Failure) {
        guard !samples.isEmpty else { return }
        try file.append(samples)
        dataLength += 2 * samples.count
        try file.overwriteStart(with: format.header(dataLength: dataLength))
    }
}
