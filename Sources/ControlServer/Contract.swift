import Crypto
import HTTPTypes

/// `openapi.yaml` as this program was built with it.
enum Contract {
    private static let text = PackageResources.openapi_yaml
    private static let entityTag = "\"\(Digest.sha256(text).hex.prefix(32))\""

    /// Answers 304 to who has it already (RFC 9110 §13.1.2).
    static func answer(_ head: HTTPRequest, _ reply: Reply) {
        let fields: HTTPFields = [.eTag: entityTag, .cacheControl: "no-cache"]
        if matches(head.headerFields[.ifNoneMatch]) { return reply.send(.notModified, fields) }
        reply.send(.ok, fields + [.contentType: "application/yaml"], text)
    }

    /// Compares weakly, as `If-None-Match` wants it.
    private static func matches(_ field: String?) -> Bool {
        guard let field else { return false }
        return field.split(separator: ",").contains { part in
            let tag = part.filter { $0 != " " }
            return tag == "*" || tag == entityTag || tag == "W/" + entityTag
        }
    }
}

private func + (left: HTTPFields, right: HTTPFields) -> HTTPFields {
    var all = left
    for field in right { all.append(field) }
    return all
}
