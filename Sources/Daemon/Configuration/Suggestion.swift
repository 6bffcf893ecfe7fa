/// The known name a misspelt one most likely stands for.
///
/// - Parameter separator: a name that lacks what stands before it is recognised by the rest.
func suggestion(for name: String, among known: [String], separator: Character = ".") -> String? {
    guard name.count <= 100 else { return nil }
    if let longer = known.first(where: { $0.hasPrefix(name + String(separator)) }) { return longer }
    let limit = max(2, name.count / 4)
    let near = known.map { (name: $0, distance: editDistance(name.lowercased(), $0.lowercased())) }
        .filter { $0.distance <= limit }.min { $0.distance < $1.distance }
    return near?.name ?? known.first { $0.split(separator: separator).last == name.split(separator: separator).last }
}

/// How many characters must be put in, taken out, replaced or exchanged with their neighbour (optimal string alignment).
func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left)
    let right = Array(right)
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for row in left.indices {
        var current = [row + 1]
        for column in right.indices {
            var best = min(
                last[column] + (left[row] == right[column] ? 0 : 1), last[column + 1] + 1, current[column] + 1)
            if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                best = min(best, beforeLast[column - 1] + 1)
            }
            current.append(best)
        }
        beforeLast = last
        last = current
    }
    return last[right.count]
}
