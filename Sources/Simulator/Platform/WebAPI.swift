import FoundationEssentials
import HTTPTypes
import Wire

/// The platform's HTTP side: the user API and, under `/sim`, the scenario API.
extension Platform {
    package mutating func handle(
        _ request: HTTPRequest, body: [UInt8], at now: Instant
    ) -> (response: HTTPResponse, body: [UInt8], outputs: [Output]) {
        let url = URLComponents(string: request.path ?? "/") ?? URLComponents()
        let path = url.path
        if let answer = userAPI(request).answer(path: path, query: query(of: url)) {
            guard request.method == .get else { return problem(.methodNotAllowed, "only GET") }
            return json(answer)
        }
        switch (request.method, path.split(separator: "/").map(String.init)) {
        case (.get, ["sim", "state"]):
            return json(state)
        case (.post, ["sim", "outage"]):
            guard let isOut = parse(body)?["sip"]?.bool else {
                return problem(.badRequest, "sip is to be true or false")
            }
            return json(["sip": .bool(isOut)], setOutage(isOut))
        case (.post, let parts) where parts.count == 4 && parts[..<2] == ["sim", "customers"] && parts[3] == "calls":
            return customerCalls(from: parts[2], body, at: now)
        case (.post, let parts) where parts.count == 4 && parts[..<2] == ["sim", "customers"] && parts[3] == "hangup":
            return customerHangsUp(parts[2], at: now)
        default:
            return problem(.notFound, "no such resource")
        }
    }

    private func userAPI(_ request: HTTPRequest) -> UserAPI {
        UserAPI(
            world: configuration.world, authority: request.authority ?? "127.0.0.1", sipPort: configuration.sipPort)
    }

    private func query(of url: URLComponents) -> [String: String] {
        Dictionary((url.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { first, _ in first }
    }

    private mutating func customerCalls(
        from number: String, _ body: [UInt8], at now: Instant
    ) -> (HTTPResponse, [UInt8], [Output]) {
        guard let seat = parse(body)?["extension"]?.lenientString else {
            return problem(.badRequest, "extension is missing")
        }
        do throws(ScenarioRefusal) {
            let (ccNumber, outputs) = try customerCalls(from: number, to: seat, at: now)
            return json(["ccNumber": .string(ccNumber)], outputs, status: .created)
        } catch {
            return problem(error)
        }
    }

    private mutating func customerHangsUp(_ number: String, at now: Instant) -> (HTTPResponse, [UInt8], [Output]) {
        do throws(ScenarioRefusal) {
            return json([:], try customerHangsUp(number, at: now))
        } catch {
            return problem(error)
        }
    }
}

extension Platform {
    private func parse(_ body: [UInt8]) -> JSON? {
        try? JSONDecoder().decode(JSON.self, from: Data(body))
    }

    private func json(
        _ value: JSON, _ outputs: [Output] = [], status: HTTPResponse.Status = .ok, type: String = "application/json"
    ) -> (HTTPResponse, [UInt8], [Output]) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let body = (try? encoder.encode(value)).map { [UInt8]($0) } ?? []
        return (HTTPResponse(status: status, headerFields: [.contentType: type]), body, outputs)
    }

    private func problem(_ status: HTTPResponse.Status, _ title: String) -> (HTTPResponse, [UInt8], [Output]) {
        json(
            ["status": .integer(Int64(status.code)), "title": .string(title)], status: status,
            type: "application/problem+json")
    }

    private func problem(_ refusal: ScenarioRefusal) -> (HTTPResponse, [UInt8], [Output]) {
        switch refusal {
        case .noSuchExtension: problem(.notFound, "no such extension")
        case .noSuchCall: problem(.notFound, "that customer is in no call")
        case .seatNotIdle: problem(.conflict, "the seat is offline, busy or in a call")
        }
    }
}
