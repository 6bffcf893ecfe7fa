extension UserAgent {
    /// Refuses a body that is packed or whose parts cannot be told apart (RFC 3261 §8.2.3).
    func screenBody(of request: Request) -> Answer? {
        if let encoding = request.headers[.contentEncoding], encoding.lowercased() != "identity" {
            return Answer(status: 415, headers: [.accept: "application/sdp", .acceptEncoding: "identity"])
        }
        do {
            _ = try request.content.parts()
        } catch {
            return Answer(status: error.status, reason: error.phrase)
        }
        return nil
    }
}

extension MessageFields {
    /// The session description: the body, or the part of it that is one.
    package var sessionDescription: String? {
        body.isEmpty ? nil : content.part("application/sdp").map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    /// Whether every part of the body is a session description or may be passed over; of alternatives one is enough.
    var carriesSessionOnly: Bool {
        guard !body.isEmpty, let parts = try? content.parts() else { return body.isEmpty }
        let understood = parts.map { $0.mediaType == "application/sdp" || $0.isOptional }
        return content.mediaType == "multipart/alternative" ? understood.contains(true) : !understood.contains(false)
    }
}
