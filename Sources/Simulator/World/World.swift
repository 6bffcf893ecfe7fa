import Wire

/// The enterprise the simulated platform serves: its seats, its skill groups, its numbers.
package struct World: Sendable {
    package struct Group: Sendable, Equatable {
        package var id: String
        package var name: String
    }

    package struct Member: Sendable, Equatable {
        package var `extension`: String
        package var password: String
        /// The ids of the skill groups.
        package var groups: [String] = []
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

    package static let demonstration = enterprise(seats: 10)

    /// Seats from 1001 on whose password is their extension, all in one skill group, every second one in another as well; 1009
    /// is in none, 1010 is a supervisor, 1099 has expired.
    package static func enterprise(seats: Int) -> World {
        let (sales, service) = (Group(id: "2033", name: "售前咨询"), Group(id: "2034", name: "售后服务"))
        let members = (1001..<1001 + seats).map { number in
            var member = Member(extension: String(number), password: String(number))
            member.groups = [sales.id]
            if number == 1009 { member.groups = [] }
            if number == 1010 || (number != 1009 && !number.isMultiple(of: 2)) { member.groups.append(service.id) }
            member.isSupervisor = number == 1010
            member.hasExpired = number == 1099
            return member
        }
        let expired = Member(extension: "1099", password: "1099", hasExpired: true)
        return World(
            enterpriseID: 65656, enterpriseName: "演示企业", switchboardNumber: "02566699734",
            stoppedSwitchboardNumber: "02566690006", extensions: 1001...max(1099, 1000 + seats),
            groups: [sales, service], members: members + (seats < 99 ? [expired] : []), domain: "platform.test")
    }

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
        guard let underscore = user.firstIndex(of: "_") else { return nil }
        let number = String(user[..<underscore])
        return sipUser(of: number) == user ? member(number) : nil
    }
}
