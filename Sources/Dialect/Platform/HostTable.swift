/// Which operations host serves a switchboard number: exact numbers first, then the longest prefix (§1, step 1).
package struct HostTable: Sendable, Equatable {
    private let hosts: [String: String]

    /// - Parameter hosts: switchboard number or prefix (an area code; `""` for every number) → `host` or `host:port`.
    package init(_ hosts: [String: String]) {
        self.hosts = hosts
    }

    package func host(for switchboardNumber: String) -> String? {
        let prefixes = hosts.keys.filter { switchboardNumber.hasPrefix($0) }
        return prefixes.max { $0.utf8.count < $1.utf8.count }.flatMap { hosts[$0] }
    }
}

/// The server that lists the operations hosts by province, for numbers that are not in the table (§1, steps 1a and 1b).
///
/// Which province a number belongs to is not public: the area code → province table is configuration. [assumed]
package struct Directory: Sendable, Equatable {
    package let host: String
    package let version: String
    package let key: String
    /// Area code → province, as the list names it.
    package let provinces: [String: String]

    package init(host: String, version: String, key: String, provinces: [String: String]) {
        self.host = host
        self.version = version
        self.key = key
        self.provinces = provinces
    }
}
