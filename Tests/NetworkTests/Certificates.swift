import Crypto
import Glibc
import Testing

/// A certificate authority and a server's certificate as files, removed with the fixture.
final class Certificates: Sendable {
    let authorityFile: String
    let context: TLSContext

    init(for names: [String]) throws {
        var template = Array("/tmp/network-tests-XXXXXX".utf8CString)
        let folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        let authority = CertificateAuthority(name: "Test CA")
        authorityFile = folder + "/ca.pem"
        try authority.write(to: authorityFile)
        try authority.issue(for: names).write(to: folder + "/cert.pem", keyTo: folder + "/key.pem")
        context = try TLSContext(server: folder + "/cert.pem", keyFile: folder + "/key.pem")
        self.folder = folder
    }

    private let folder: String

    deinit {
        for file in ["ca.pem", "cert.pem", "key.pem"] { unlink(folder + "/" + file) }
        rmdir(folder)
    }
}
