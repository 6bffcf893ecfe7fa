import Foundation

/// Why the program ends without having done what it was asked, each with its exit status.
enum Ending: Error, Equatable {
    /// The daemon said no, or something no version of the API says.
    case refused(String)
    case unreachable(String)
    case unauthorised(String)
    /// The output took no more.
    case unwritable

    static let usage: Int32 = 2

    static let table = """
          0  done
          1  the daemon said no
          2  the command line makes no sense
          3  the daemon cannot be reached
          4  not authorised: no token, a wrong one, or one without the scope
          5  the output cannot be written
        """

    private var status: Int32 {
        switch self {
        case .refused: 1
        case .unreachable: 3
        case .unauthorised: 4
        case .unwritable: 5
        }
    }

    private var message: String {
        switch self {
        case .refused(let text), .unreachable(let text), .unauthorised(let text): text
        case .unwritable: "the output cannot be written"
        }
    }

    func endProgram() -> Never {
        if !message.isEmpty { Output.error("phonebar: \(message)") }
        exit(status)
    }
}
