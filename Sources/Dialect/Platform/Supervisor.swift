import ControlAPI
import Wire

extension Platform {
    /// What a supervisor says and is told (platform protocol §3.4).
    ///
    /// All of it is assumed, since only the SDK's behaviour is public: who is a supervisor, and every body. Each body can be
    /// overridden by another template; the answer to one is the same body with the result in `r`.
    package struct Supervisor: Sendable {
        /// The bodies by the SDK's names: its six calls, `watchCalls` as said at login, `repCallStatus` as told.
        package static let assumedBodies = [
            "startCallMonitor": #"<cm a="1" c="{ccNumber}"/>"#,
            "stopCallMonitor": #"<cm a="2" c="{ccNumber}"/>"#,
            "joinFromMonitor": #"<cm a="3" c="{ccNumber}"/>"#,
            "exitJoinMonitor": #"<cm a="4" c="{ccNumber}"/>"#,
            "endCallMonitor": #"<cm a="5" c="{ccNumber}"/>"#,
            "terminateCall": #"<cm a="6" c="{ccNumber}"/>"#,
            "watchCalls": #"<cm a="10"/>"#,
            "repCallStatus": #"<rc n="{caller}" t="{callee}" c="{ccNumber}" b="{callTime}" e="{endTime}"/>"#,
        ]

        /// The values of an agent's `permission` that make a supervisor.
        private let permissions: [String]
        private let templates: [String: BodyTemplate]

        /// - Parameter bodies: those that are not as assumed; one that is no template counts for nothing.
        package init(permissions: [String] = ["1"], bodies: [String: String] = [:]) {
            self.permissions = permissions
            let given = bodies.compactMapValues(BodyTemplate.init)
            templates = Self.assumedBodies.compactMapValues(BodyTemplate.init).merging(given) { $1 }
        }

        package static func isTemplate(_ text: String) -> Bool { BodyTemplate(text) != nil }
    }
}

extension Platform.Supervisor {
    func isSupervisor(_ permission: JSON?) -> Bool {
        permission?.lenientString.map(permissions.contains) ?? false
    }

    func body(_ name: String, _ values: [String: String] = [:]) -> Element {
        templates[name]?.filled(values) ?? Element(name, values)
    }

    func fact(in element: Element) -> Fact? {
        if let values = templates["repCallStatus"]?.values(in: element) { return Self.report(values) }
        guard let result = element["r"] else { return nil }
        for verb in MonitorVerb.allCases {
            guard let call = templates[verb.rawValue]?.values(in: element)?["ccNumber"], !call.isEmpty else { continue }
            return .monitored(verb, call, refusal: Self.refusal(result))
        }
        return nil
    }

    private static func refusal(_ result: String) -> Problem? {
        switch result {
        case "200": nil
        case "403": .notSupervisor
        case "404": .noSuchCall
        case "409": .wrongState
        default: Problem(status: 502, "platform-refused", "The platform refused.", detail: "It answered \(result).")
        }
    }

    /// `repCallStatus` as the SDK documents it: extensions without their enterprise, an empty `endTime` at the beginning.
    private static func report(_ values: [String: String]) -> Fact? {
        guard let call = values["ccNumber"], !call.isEmpty else { return nil }
        func time(_ name: String) -> JSON {
            let text = values[name] ?? ""
            return Int64(text).map { .integer($0) } ?? .string(text)
        }
        let data: JSON = [
            "caller": .string(values["caller"].map(withoutEnterprise) ?? ""),
            "callee": .string(values["callee"].map(withoutEnterprise) ?? ""),
            "ccNumber": .string(call), "callTime": time("callTime"), "endTime": time("endTime"),
        ]
        return .reported(call, isOver: !(values["endTime"] ?? "").isEmpty, data: data)
    }

    /// `1006_00010078` is extension 1006.
    private static func withoutEnterprise(_ user: String) -> String {
        guard let underscore = user.lastIndex(of: "_") else { return user }
        let enterprise = user[user.index(after: underscore)...]
        let isHexadecimal = enterprise.utf8.count == 8 && UInt32(enterprise, radix: 16) != nil
        return isHexadecimal ? String(user[..<underscore]) : user
    }
}
