import Foundation

/// A sound file as FFmpeg reads it, through PyAV, second by second.
struct FFmpegReading: Decodable {
    struct Failure: Error { let text: String }

    struct Second: Decodable {
        /// Decibels relative to a sine of full scale.
        let level: Double
        /// The dominant one, in hertz.
        let frequency: Double
        /// Decibels by hertz.
        let at: [String: Double]

        func energy(at frequency: Int) -> Double { at["\(frequency)"] ?? -120 }
    }

    /// In seconds, by the count of samples.
    let duration: Double
    let channels: [[Second]]

    private static let program = """
        import av, json, numpy, sys
        file = av.open(sys.argv[1])
        stream = file.streams.audio[0]
        frames = [frame for frame in file.decode(stream)]
        count = frames[0].layout.nb_channels
        sound = [f.to_ndarray().reshape(-1, count).T if not f.format.is_planar else f.to_ndarray() for f in frames]
        sound = numpy.concatenate(sound, axis=1)
        sound = sound / 32768 if sound.dtype == numpy.int16 else sound.astype(float)
        rate = frames[0].sample_rate
        def decibels(power): return max(-120, 10 * numpy.log10(power + 1e-12))
        def second(samples):
            window = numpy.hanning(len(samples))
            spectrum = numpy.abs(numpy.fft.rfft(samples * window)) / (window.sum() / 2)
            width = rate / len(samples)
            def at(hertz):
                middle = int(hertz / width)
                return float(decibels(numpy.max(spectrum[middle - 3:middle + 4]) ** 2))
            return {"level": float(decibels(2 * numpy.mean(samples ** 2))), "frequency": float(numpy.argmax(spectrum) * width),
                    "at": {str(hertz): at(hertz) for hertz in (440, 450, 600, 700, 1000)}}
        starts = [s for s in range(0, sound.shape[1], rate) if sound.shape[1] - s > rate / 2]
        print(json.dumps({"duration": sound.shape[1] / rate,
                          "channels": [[second(c[s:s + rate]) for s in starts] for c in sound]}))
        """

    init(of path: String) async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
        let python =
            ProcessInfo.processInfo.environment["PHONEBARD_TEST_PYTHON"]
            ?? root.appendingPathComponent(".venv/bin/python3").standardized.path
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Failure(text: "no Python at \(python): run `deploy/bootstrap test`")
        }
        let output = try await Shell.run([python, "-c", Self.program, path])
        do {
            self = try JSONDecoder().decode(FFmpegReading.self, from: Data(output.utf8))
        } catch {
            throw Failure(text: output)
        }
    }
}
