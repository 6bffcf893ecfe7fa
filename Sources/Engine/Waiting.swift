/// What is to be done when something has come: later, or at once if it is there already.
struct Waiting {
    /// Nil when there is nothing to wait for any more.
    private var bodies: [() -> Void]? = []

    mutating func run(_ body: @escaping () -> Void) {
        if bodies == nil { body() } else { bodies?.append(body) }
    }

    mutating func end() {
        for body in exchange(&bodies, with: nil) ?? [] { body() }
    }
}
