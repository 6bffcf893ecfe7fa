import FoundationEssentials
import HTTPTypes
import Wire

/// The platform's HTTP side: the user API and, under `/sim`, the scenario API.
extension Platform {
    package typealias Answer = (response: HTTPResponse, body: [UInt8], outputs: [Output])

    package mutating func handle(_ request: HTTPRequest, body: [UInt8], at now: Instant) -> Answer {
        let url = URLComponents(string: request.path ?? "/") ?? URLComponents()
        var api = UserAPI(
            world: configuration.world, authority: request.authority ?? "127.0.0.1", sipPort: configuration.sipPort,
            activities: activities, telephones: telephones, telephoneConditions: telephoneConditions, rules: rules)
        do throws(ScenarioProblem) {
            if let answer = api.answer(path: url.path, query: query(of: url)) {
                guard request.method == .get else {
                    throw ScenarioProblem(.methodNotAllowed, "another method is needed", allow: "GET")
                }
                telephones = api.telephones
                return json(answer)
            }
            let (operation, parameter) = try ScenarioOperation.find(request.method, url.path)
            return try carryOut(operation, parameter, body, at: now)
        } catch {
            var answer = json(
                ["status": .integer(Int64(error.status.code)), "title": .string(error.title)], status: error.status,
                type: "application/problem+json")
            answer.response.headerFields[.allow] = error.allow
            return answer
        }
    }

    /// Whether a request is of the user API, which an outage silences too.
    package func isSilenced(_ request: HTTPRequest) -> Bool {
        outage.isSilent && !(request.path ?? "").hasPrefix("/sim/")
    }

    private func query(of url: URLComponents) -> [String: String] {
        Dictionary((url.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { first, _ in first }
    }

    private mutating func carryOut(
        _ operation: ScenarioOperation, _ parameter: String, _ body: [UInt8], at now: Instant
    ) throws(ScenarioProblem) -> Answer {
        guard operation.accepts(parameter) else { throw .unusable("the path") }
        switch operation {
        case .state: return json(state)
        case .contract:
            let response = HTTPResponse(status: .ok, headerFields: [.contentType: "application/yaml"])
            return (response, PackageResources.openapi_yaml, [])
        case .callSeat: return try callSeat(from: parameter, body, at: now)
        case .hangUp: return json([:], try customerHangsUp(parameter, at: now))
        case .press:
            let key = try ScenarioBody(body, allowed: ["key"]).text("key")
            guard let key, key.wholeMatch(of: /[0-9*#A-D]/) != nil else { throw .unusable("key") }
            return json([:], try customerPresses(Character(key), number: parameter))
        case .setCustomer: return json(try setCustomer(parameter, body))
        case .forgetCustomer:
            configuration.customers[parameter] = nil
            return json(customer(parameter).json)
        case .setSeat: return json(try setSeat(parameter, body))
        case .kickSeat:
            let text = try ScenarioBody(body, allowed: ["reason"]).text("reason")
            guard let reason = text.flatMap(KickReason.init) else { throw .unusable("reason") }
            return json([:], try kickSeat(parameter, reason: reason, at: now))
        case .setEnterprise: return json(try setEnterprise(body))
        case .setOutage: return try setOutage(body)
        case .drop: return json([:], dropConnections())
        case .restart: return json([:], restart())
        }
    }

    private mutating func callSeat(
        from number: String, _ body: [UInt8], at now: Instant
    ) throws(ScenarioProblem) -> Answer {
        let body = try ScenarioBody(body, allowed: ["extension", "group", "offers"])
        let offers = try body.count("offers", 1...100)
        let call: (ccNumber: String, outputs: [Output])
        if let seat = try body.text("extension") {
            call = try customerCalls(from: number, to: seat, offers: offers, at: now)
        } else if let group = try body.text("group") {
            call = try customerCalls(from: number, toGroup: group, offers: offers, at: now)
        } else {
            throw .unusable("extension")
        }
        return json(["ccNumber": .string(call.ccNumber)], call.outputs, status: .created)
    }

    private mutating func setCustomer(_ number: String, _ body: [UInt8]) throws(ScenarioProblem) -> JSON {
        let body = try ScenarioBody(
            body, allowed: ["behaviour", "code", "answersAfter", "hangsUpAfter", "voice", "echoes"])
        var customer = customer(number)
        let code = try body.count("code", 201...9999)
        if let behaviour = try body.text("behaviour") {
            switch behaviour {
            case "answers": customer.behaviour = .talks(hangsUpAfter: nil)
            case "neverAnswers": customer.behaviour = .neverAnswers
            case "declines": customer.behaviour = .declines
            case "busy": customer.behaviour = .refused(code: 503)
            case "refused": customer.behaviour = .refused(code: code ?? 503)
            default: throw .unusable("behaviour")
            }
        }
        if let duration = try body.duration("hangsUpAfter") { customer.behaviour = .talks(hangsUpAfter: duration) }
        customer.answersAfter = try body.duration("answersAfter") ?? customer.answersAfter
        if let voice = try body.text("voice") {
            guard let prompt = Voice.Prompt(voice) else { throw .unusable("voice") }
            customer.voice.prompt = prompt
        }
        customer.voice.echoes = try body.truth("echoes") ?? customer.voice.echoes
        configuration.customers[number] = customer
        return customer.json
    }

    private mutating func setSeat(_ seat: String, _ body: [UInt8]) throws(ScenarioProblem) -> JSON {
        guard let index = configuration.world.members.firstIndex(where: { $0.extension == seat }) else {
            throw .noSuchExtension
        }
        let body = try ScenarioBody(body, allowed: ["telephone", "password", "expired", "supervisor", "groups"])
        var member = configuration.world.members[index]
        if let text = try body.text("telephone") {
            guard let condition = Telephone.Condition(rawValue: text) else { throw .unusable("telephone") }
            telephoneConditions[seat] = condition
        }
        if let groups = body["groups"] {
            guard let ids = groups.array?.compactMap(\.lenientString) else { throw .unusable("groups") }
            member.groups = ids
        }
        member.password = try body.text("password") ?? member.password
        member.hasExpired = try body.truth("expired") ?? member.hasExpired
        member.isSupervisor = try body.truth("supervisor") ?? member.isSupervisor
        configuration.world.members[index] = member
        return [
            "extension": .string(seat), "expired": .bool(member.hasExpired), "supervisor": .bool(member.isSupervisor),
            "groups": .array(member.groups.map { .string($0) }),
            "telephone": .string((telephoneConditions[seat] ?? .ready).rawValue),
        ]
    }

    private mutating func setEnterprise(_ body: [UInt8]) throws(ScenarioProblem) -> JSON {
        let body = try ScenarioBody(
            body, allowed: ["suspended", "open", "callsPerCustomer", "autoAnswer", "telephonesRegister"])
        rules.isSuspended = try body.truth("suspended") ?? rules.isSuspended
        rules.isOpen = try body.truth("open") ?? rules.isOpen
        rules.telephonesRegister = try body.truth("telephonesRegister") ?? rules.telephonesRegister
        rules.callsPerCustomer = try body.limit("callsPerCustomer", 0...1_000_000, else: rules.callsPerCustomer)
        rules.autoAnswer = try body.limit("autoAnswer", 0...60, else: rules.autoAnswer)
        return [
            "suspended": .bool(rules.isSuspended), "open": .bool(rules.isOpen),
            "callsPerCustomer": rules.callsPerCustomer.map { .integer(Int64($0)) } ?? .null,
            "autoAnswer": rules.autoAnswer.map { .integer(Int64($0)) } ?? .null,
            "telephonesRegister": .bool(rules.telephonesRegister),
        ]
    }

    private mutating func setOutage(_ body: [UInt8]) throws(ScenarioProblem) -> Answer {
        let body = try ScenarioBody(body, allowed: ["sip", "silent"])
        let (sip, silent) = (try body.truth("sip"), try body.truth("silent"))
        guard sip != nil || silent != nil else { throw .unusable("sip") }
        outage.isSilent = silent ?? outage.isSilent
        let outputs = sip.map { setOutage(sip: $0) } ?? []
        return json(["sip": .bool(outage.refusesSIP), "silent": .bool(outage.isSilent)], outputs)
    }

    private func json(
        _ value: JSON, _ outputs: [Output] = [], status: HTTPResponse.Status = .ok, type: String = "application/json"
    ) -> Answer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = (try? encoder.encode(value)).map { [UInt8]($0) } ?? []
        return (HTTPResponse(status: status, headerFields: [.contentType: type]), body, outputs)
    }
}

extension Customer {
    var json: JSON {
        let name: JSON
        var (code, hangsUpAfter): (JSON, JSON) = (.null, .null)
        switch behaviour {
        case .refused(let refusal): (name, code) = ("refused", .integer(Int64(refusal)))
        case .neverAnswers: name = "neverAnswers"
        case .declines: name = "declines"
        case .talks(let duration):
            name = "answers"
            hangsUpAfter = duration.map { .number($0 / .seconds(1)) } ?? .null
        }
        return [
            "number": .string(number), "behaviour": name, "code": code, "hangsUpAfter": hangsUpAfter,
            "answersAfter": answersAfter.map { .number($0 / .seconds(1)) } ?? .null,
            "voice": .string(voice.prompt.text), "echoes": .bool(voice.echoes),
        ]
    }
}

extension Voice.Prompt {
    /// `greeting`, `speech`, `silence` or `tone:HERTZ`.
    init?(_ text: String) {
        switch text {
        case "greeting": self = .greeting
        case "speech": self = .speech
        case "silence": self = .silence
        default:
            guard text.hasPrefix("tone:"), let frequency = Double(text.dropFirst("tone:".count)),
                50...3900 ~= frequency
            else { return nil }
            self = .tone(frequency)
        }
    }

    var text: String {
        switch self {
        case .greeting: "greeting"
        case .speech: "speech"
        case .silence: "silence"
        case .tone(let frequency): "tone:\(frequency)"
        }
    }
}
