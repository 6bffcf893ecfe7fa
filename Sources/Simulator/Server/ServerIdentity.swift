import Crypto
import FoundationEssentials
import Wire

/// The server's certificate, issued at each start by an authority whose key never leaves memory.
struct ServerIdentity {
    let context: TLSContext
    let authorityFile: String

    init(stateDirectory: String, address: IPAddress) throws {
        try FileManager.default.createDirectory(atPath: stateDirectory, withIntermediateDirectories: true)
        authorityFile = stateDirectory + "/ca.pem"
        let (certificateFile, keyFile) = (stateDirectory + "/server.pem", stateDirectory + "/server.key")
        let authority = CertificateAuthority(name: "platform-sim")
        try authority.write(to: authorityFile)
        try authority.issue(for: [address.description, "localhost"]).write(to: certificateFile, keyTo: keyFile)
        context = try TLSContext(server: certificateFile, keyFile: keyFile)
    }
}
