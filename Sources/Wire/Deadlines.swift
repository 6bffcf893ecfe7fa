/// When each of many things is due, and which one is next; to change one takes time in the logarithm of how many there are.
package struct Deadlines<Key: Hashable & Sendable>: Sendable {
    private struct Entry: Sendable {
        let deadline: Instant
        let key: Key
    }

    private var current: [Key: Instant] = [:]
    /// A binary heap. What is in it and not current any more is passed over; such an entry is never the first.
    private var heap: [Entry] = []

    package init() {}

    /// The earliest deadline.
    package var first: Instant? { heap.first?.deadline }

    package mutating func set(_ deadline: Instant?, for key: Key) {
        guard current[key] != deadline else { return }
        current[key] = deadline
        if let deadline { push(Entry(deadline: deadline, key: key)) }
        dropStale()
        guard heap.count > 2 * current.count + 16 else { return }
        heap = current.map { Entry(deadline: $0.value, key: $0.key) }.sorted { $0.deadline < $1.deadline }
    }

    /// Takes out those that are due, the earliest first.
    package mutating func takeDue(at now: Instant) -> [Key] {
        var due: [Key] = []
        while let next = heap.first, next.deadline <= now {
            due.append(next.key)
            current[next.key] = nil
            pop()
            dropStale()
        }
        return due
    }

    private mutating func dropStale() {
        while let first = heap.first, current[first.key] != first.deadline { pop() }
    }

    private mutating func push(_ entry: Entry) {
        heap.append(entry)
        var place = heap.count - 1
        while place > 0, heap[place].deadline < heap[(place - 1) / 2].deadline {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func pop() {
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var place = 0
        while let least = [2 * place + 1, 2 * place + 2].filter(heap.indices.contains).min(by: {
            heap[$0].deadline < heap[$1].deadline
        }), heap[least].deadline < heap[place].deadline {
            heap.swapAt(place, least)
            place = least
        }
    }
}
