/// The enterprise the simulated platform serves: its seats, its skill groups, its numbers.
package struct World: Sendable {
    package struct Group: Sendable, Equatable {
        package var id: String
        package var name: String
    }

    package struct Member: Sendable, Equatable {
        package var `extension`: String
        package var password: String
        package var isSupervisor = false
        /// The account's time is over.
        package var hasExpired = false
    }

    package var enterpriseID: UInt32
    package var enterpriseName: String
    package var switchboardNumber: String
    /// The switchboard number of an enterprise whose contract ended.
    package var stoppedSwitchboardNumber: String
    package var extensions: ClosedRange<Int>
    package var groups: [Group]
    package var members: [Member]
    /// The domain of the seats' SIP addresses; it names no host, clients connect to the address they are given.
    package var domain: String

    /// Ten seats, 1001 to 1010, whose password is their extension; 1010 is a supervisor, 1099 has expired.
    package static let demonstration = World(
        enterpriseID: 65656, enterpriseName: "演示企业", switchboardNumber: "02566699734",
        stoppedSwitchboardNumber: "02566690006", extensions: 1001...1099,
        groups: [Group(id: "2033", name: "售前咨询"), Group(id: "2034", name: "售后服务")],
        members: (1001...1010).map { number in
            Member(extension: String(number), password: String(number), isSupervisor: number == 1010)
        } + [Member(extension: "1099", password: "1099", hasExpired: true)],
        domain: "platform.test")

    package func member(_ extension: String) -> Member? {
        members.first { $0.extension == `extension` }
    }

    /// The user part of a seat's SIP address, `1006_00010078` (platform protocol §2).
    package func sipUser(of extension: String) -> String {
        let digits = String(enterpriseID, radix: 16)
        return `extension` + "_" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    /// The member a SIP user stands for; nil for another enterprise's.
    package func member(sipUser user: String) -> Member? {
        members.first { sipUser(of: $0.extension) == user }
    }
}
