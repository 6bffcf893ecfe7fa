@testable import Audio

/// Hands `frame` the next 960 samples of a source.
func nextFrame(of source: any AudioSource) -> [Int16] {
    var frame = [Int16](repeating: .min, count: AudioFormat.samplesPerFrame)
    var span = frame.mutableSpan
    source.read(into: &span)
    return frame
}

/// What a meter says of `frames` frames of a source, after `transform`.
func reading(
    of source: any AudioSource, frames: Int = 15, through transform: (inout [Int16]) -> Void = { _ in }
) -> ToneMeter.Reading {
    var meter = ToneMeter()
    for _ in 0..<frames {
        var frame = nextFrame(of: source)
        transform(&frame)
        meter.add(frame.span)
    }
    return meter.reading
}
