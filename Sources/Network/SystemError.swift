import Glibc

/// A system call that failed.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    package let call: Call
    package let code: Int32

    package enum Call: String, Hashable, Sendable {
        case socket, bind, listen, accept, connect, getsockname, setsockopt, getifaddrs, send, receive
    }

    package var description: String {
        "\(call): \(String(cString: strerror(code)))"
    }
}
