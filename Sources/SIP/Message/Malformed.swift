/// What is wrong with a message or one of its values.
package enum Malformed: Error, Hashable, Sendable {
    case uri
}
