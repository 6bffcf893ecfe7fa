import Wire

/// An address of one of the machine's interfaces that are up.
package struct LocalInterface: Hashable, Sendable {
    package let name: String
    package let address: IPAddress
    package let isLoopback: Bool

    package static func all() throws(SystemError) -> [LocalInterface] { [] }
}
