import Daemon
import HTTP
import SDP
import Testing
import Wire

@Suite("How sound may be protected") struct ConfigurationEncryptionTests {
    @Test(
        "Keys in the signalling need signalling that nobody reads; DTLS remains where nothing else does",
        arguments: [
            ([], "wss://gateway.example", [.dtls]), ([.dtls, .sdes], "wss://gateway.example", [.dtls, .sdes]),
            ([.dtls, .sdes], "ws://gateway.example", [.dtls]), ([.sdes], "ws://192.0.2.1:8080", [.dtls]),
            ([.sdes, .plain], "ws://127.0.0.1:8080", [.sdes, .plain]), ([.sdes], "ws://localhost", [.sdes]),
            ([.plain], "ws://gateway.example", [.plain]), ([.sdes], nil, [.dtls]),
        ] as [([MediaEncryption], String?, Set<MediaEncryption>)])
    func sdes(wanted: [MediaEncryption], gateway: String?, taken: Set<MediaEncryption>) {
        var configuration = Configuration(endpoints: [], stateDirectory: "/nowhere")
        #expect(configuration.encryption == [.dtls])
        configuration.encryption = wanted
        #expect(configuration.encryptions(over: gateway.flatMap { WebSocketURL($0) }) == taken)
    }
}
