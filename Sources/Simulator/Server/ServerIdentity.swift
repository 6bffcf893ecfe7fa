import Crypto
import FoundationEssentials
import Wire

/// The server's certificate, issued at each start by an authority whose key never leaves memory.
struct ServerIdentity {
    let context: TLSContext
    let authorityFile: String

    init(stateDirectory: String, address: IPAddress) throws {
        let isAbsolute = stateDirectory.hasPrefix("/")
        let folder = isAbsolute ? stateDirectory : FileManager.default.currentDirectoryPath + "/" + stateDirectory
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        authorityFile = folder + "/ca.pem"
        let (certificateFile, keyFile) = (folder + "/server.pem", folder + "/server.key")
        let authority = CertificateAuthority(name: "platform-sim")
        try authority.write(to: authorityFile)
        try authority.issue(for: [address.description, "localhost"]).write(to: certificateFile, keyTo: keyFile)
        context = try TLSContext(server: certificateFile, keyFile: keyFile)
    }
}
