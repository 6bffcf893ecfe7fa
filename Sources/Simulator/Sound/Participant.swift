/// Somebody or something in a room; the mixer asks for a frame and gives one, each 20 ms, on its own queue.
protocol Participant: AnyObject, Sendable {
    /// Fills all of `frame`, with silence where there is nothing to say.
    func say(into frame: inout MutableSpan<Int16>)
    func hear(_ frame: Span<Int16>)
}
