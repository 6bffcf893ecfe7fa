import ControlAPI
import Crypto
import Foundation
import Logging
import Network
import Service
import Wire

/// Why the control API cannot be opened as configured.
package enum ListenerFailure: Error, CustomStringConvertible {
    case unusableTLS(TLSContext.Failure, certificateFile: String, keyFile: String)
    case exposed(socket: String)
    /// Nobody could reach it.
    case none

    package var description: String {
        switch self {
        case .unusableTLS(let failure, let certificateFile, let keyFile):
            "cannot use control.certificateFile \(certificateFile) with control.keyFile \(keyFile): \(failure)"
        case .exposed(let socket):
            "the inherited socket \(socket) listens beyond loopback and needs control.certificateFile"
        case .none: "the control API listens nowhere: neither control.listen nor control.socket names a place"
        }
    }
}

extension Configuration {
    func server(
        inherited: [InheritedSocket], logger: Logger
    ) throws(ListenerFailure) -> HTTPServer.Configuration {
        let tls = try tls()
        var listeners: [HTTPServer.Listener] = []
        if inherited.isEmpty {
            listeners = available(logger: logger).map { .tcp($0, tls: tls) }
            if let socketPath {
                // The folder may be there; if it cannot be made, the listener says so.
                mkdir((socketPath as NSString).deletingLastPathComponent, 0o700)
                listeners.append(.unix(path: socketPath))
            }
        }
        for socket in inherited {
            if socket.reach == .network, tls == nil { throw .exposed(socket: socket.name) }
            listeners.append(.inherited(socket.descriptor, tls: socket.reach == .machine ? nil : tls))
        }
        guard !listeners.isEmpty else { throw .none }
        var limits = limits
        limits.streamQueue = limits.webSocketQueue
        var server = HTTPServer.Configuration(listeners: listeners, limits: limits)
        server.gracePeriod = gracePeriod
        return server
    }

    var access: AccessControl.Configuration {
        AccessControl.Configuration(hosts: Set(allowedHosts), origins: Set(allowedOrigins))
    }

    private func tls() throws(ListenerFailure) -> TLSContext? {
        guard let certificateFile, let keyFile else { return nil }
        do {
            return try TLSContext(server: certificateFile, keyFile: keyFile)
        } catch {
            throw .unusableTLS(error, certificateFile: certificateFile, keyFile: keyFile)
        }
    }

    /// Without `::1` on a machine that has no IPv6, as long as there is another address.
    private func available(logger: Logger) -> [Endpoint] {
        let hasIPv6 = (try? LocalInterface.all().contains { $0.address == .loopback6 }) ?? true
        let rest = endpoints.filter { hasIPv6 || $0.address != .loopback6 }
        guard !rest.isEmpty || endpoints.isEmpty else { return endpoints }
        if rest != endpoints { logger.notice("not listening on ::1, which this machine does not have") }
        return rest
    }
}
