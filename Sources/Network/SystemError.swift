import Glibc

/// A system call that failed.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    package let call: Call
    package let code: Int32

    package enum Call: String, Hashable, Sendable {
        case socket, bind, listen, accept, connect, getsockname, getsockopt, setsockopt, getifaddrs, send, receive,
            epoll
    }

    package init(call: Call, code: Int32) {
        self.call = call
        self.code = code
    }

    package var description: String {
        "\(call): \(String(cString: strerror(code)))"
    }
}
