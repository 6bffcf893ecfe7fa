import Foundation
import FoundationNetworking
import Wire

/// Gets URLs of the platform's user API; certificates are checked always.
struct PlatformWeb: Sendable {
    private static let mostBytes = 1 << 20
    private let session: URLSession

    init(authorities: String?) {
        // The one way corelibs' URLSession takes other authorities than the system's.
        if let authorities { setenv("URLSessionCertificateAuthorityInfoFile", authorities, 1) }
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 8
        configuration.timeoutIntervalForResource = 10
        configuration.httpCookieStorage = nil
        configuration.urlCache = nil
        session = URLSession(configuration: configuration)
    }

    /// The body of a 200, or nil with what went wrong.
    func get(_ url: Redacted<String>, completion: @escaping @Sendable ([UInt8]?, _ failure: String?) -> Void) {
        guard let url = URL(string: url.value) else { return completion(nil, "the URL is invalid") }
        session.dataTask(with: url) { data, response, error in
            if let error { return completion(nil, Self.reason(error)) }
            let status = (response as? HTTPURLResponse)?.statusCode ?? 0
            guard status == 200, let data, data.count <= Self.mostBytes else {
                return completion(nil, "HTTP \(status)")
            }
            completion([UInt8](data), nil)
        }.resume()
    }

    /// The error's own text holds the URL, and with it the password's digest: its code says enough.
    private static func reason(_ error: any Error) -> String {
        "URL error \((error as NSError).code)"
    }
}
