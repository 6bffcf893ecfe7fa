import Foundation
import Glibc

/// Three network namespaces in a row: the agent's machine, a router, the gateway's machine.
final class NetworkLab {
    enum Failure: Error, CustomStringConvertible {
        case commandFailed(String)

        var description: String {
            switch self {
            case .commandFailed(let command):
                "`ip \(command)` failed: network namespaces need root (or CAP_SYS_ADMIN and CAP_NET_ADMIN) and iproute2"
            }
        }
    }

    static let agentAddress = "10.97.1.2"
    static let otherAgentAddress = "10.97.1.3"
    static let gatewayAddress = "10.97.2.2"

    let agent: String
    let gateway: String
    private let router: String

    init() throws {
        let tag = "phone\(getpid())-\(UInt16.random(in: .min ... .max))"
        (agent, router, gateway) = (tag + "a", tag + "r", tag + "g")
        for name in [agent, router, gateway] {
            try ip("netns add \(name)")
            // Its addresses come to be bit by bit, and each bit is a change of the network.
            try ip("netns exec \(name) sysctl -qw net.ipv6.conf.all.disable_ipv6=1")
            try ip("-n \(name) link set lo up")
        }
        try ip("-n \(agent) link add wire type veth peer name agent netns \(router)")
        try ip("-n \(gateway) link add wire type veth peer name gateway netns \(router)")
        try ip("-n \(router) address add 10.97.1.1/24 dev agent")
        try ip("-n \(router) address add 10.97.2.1/24 dev gateway")
        try ip("-n \(router) link set agent up")
        try ip("-n \(router) link set gateway up")
        try ip("-n \(gateway) address add \(Self.gatewayAddress)/24 dev wire")
        try ip("-n \(gateway) link set wire up")
        try ip("-n \(gateway) route add default via 10.97.2.1")
        try ip("netns exec \(router) sysctl -qw net.ipv4.ip_forward=1")
        try ip("-n \(agent) address add \(Self.agentAddress)/24 dev wire")
        try plugIn()
    }

    deinit {
        for name in [agent, router, gateway] { try? ip("netns del \(name)") }
    }

    /// The agent's link and what comes with it.
    func plugIn() throws {
        try ip("-n \(agent) link set wire up")
        try ip("-n \(agent) route add default via 10.97.1.1")
    }

    func pullOut() throws {
        try ip("-n \(agent) link set wire down")
    }

    /// The router throws away everything between the two, in both directions and without a word.
    func swallowPackets() throws {
        try ip("-n \(router) route add blackhole \(Self.gatewayAddress)/32")
        try ip("-n \(router) route add blackhole \(Self.agentAddress)/32")
    }

    func letPacketsPass() throws {
        try ip("-n \(router) route del blackhole \(Self.gatewayAddress)/32")
        try ip("-n \(router) route del blackhole \(Self.agentAddress)/32")
    }

    func changeAddress() throws {
        try ip("-n \(agent) address del \(Self.agentAddress)/24 dev wire")
        try ip("-n \(agent) address add \(Self.otherAgentAddress)/24 dev wire")
        try ip("-n \(agent) route replace default via 10.97.1.1")
    }

    private func ip(_ command: String) throws {
        // Foundation's Process learns of one end after the other, and that of Kamailio may keep it waiting.
        var arguments = (["ip"] + command.split(separator: " ")).map { strdup(String($0)) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        var status: Int32 = 0
        guard posix_spawn(&child, "/usr/sbin/ip", nil, nil, &arguments, environ) == 0,
            waitpid(child, &status, 0) == child, status == 0
        else { throw Failure.commandFailed(command) }
    }
}
