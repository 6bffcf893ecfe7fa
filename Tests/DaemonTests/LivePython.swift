import Foundation
import HTTPTypes
import Wire

/// A peer that shares no code with the daemon and can be another user.
enum LivePython {
    struct Failure: Error { let text: String }

    private static let program = """
        import os, socket, sys
        place, user = sys.argv[1], int(sys.argv[2])
        text = sys.stdin.buffer.read()
        if user: os.setgroups([]); os.setgid(user); os.setuid(user)
        if place.startswith("/"):
            peer = socket.socket(socket.AF_UNIX); peer.settimeout(20); peer.connect(place)
        else:
            peer = socket.create_connection(("127.0.0.1", int(place)), timeout=20)
        peer.sendall(text)
        while piece := peer.recv(65536): sys.stdout.buffer.write(piece)
        """

    /// Sends the bytes of a request to a port or a Unix socket and reads the answer to its end.
    static func ask(_ request: String, at place: String, as user: Int = 0) async throws -> LiveHouse.Answer {
        let process = LiveProcess(
            "/usr/bin/python3", ["-c", program, place, String(user)], environment: [:])
        let outcome = try await process.run(input: request)
        guard outcome.status == 0, let answer = LiveHouse.Answer(outcome.output) else {
            throw Failure(text: outcome.output + outcome.errors)
        }
        return answer
    }
}

extension LiveHouse.Answer {
    /// Reads an answer with `Content-Length` or without a body.
    init?(_ text: String) {
        let parts = text.components(separatedBy: "\r\n\r\n")
        let lines = parts[0].components(separatedBy: "\r\n")
        let statusLine = lines[0].split(separator: " ")
        guard statusLine.count >= 2, let status = Int(statusLine[1]) else { return nil }
        var fields = HTTPFields()
        for line in lines.dropFirst() {
            let sides = line.split(separator: ":", maxSplits: 1)
            guard sides.count == 2, let name = HTTPField.Name(String(sides[0])) else { return nil }
            fields.append(HTTPField(name: name, value: sides[1].trimmingCharacters(in: .whitespaces)))
        }
        let body = parts.dropFirst().joined(separator: "\r\n\r\n")
        let json = (try? JSONDecoder().decode(JSON.self, from: Data(body.utf8))) ?? .null
        self.init(status: status, body: json, fields: fields)
    }
}

/// A program run to its end.
struct LiveProcess {
    struct Outcome: Sendable, Equatable {
        let status: Int32
        let output: String
        let errors: String
    }

    private let executable: URL
    private let arguments: [String]
    private let environment: [String: String]

    init(_ path: String, _ arguments: [String], environment: [String: String]) {
        executable = URL(filePath: path)
        self.arguments = arguments
        self.environment = environment
    }

    /// One of our programs, as built beside these tests.
    init(own name: String, _ arguments: [String], environment: [String: String]) {
        let folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
        self.init(folder.appending(path: name).path, arguments, environment: environment)
    }

    func run(input: String = "") async throws -> Outcome {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try runBlocking(input) }) }
        }
    }

    private func runBlocking(_ input: String) throws -> Outcome {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        process.environment = environment
        let pipes = [Pipe(), Pipe(), Pipe()]
        process.standardInput = pipes[0]
        process.standardOutput = pipes[1]
        process.standardError = pipes[2]
        try process.run()
        try pipes[0].fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try pipes[0].fileHandleForWriting.close()
        let texts = try pipes.dropFirst().map { pipe in
            String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        }
        process.waitUntilExit()
        return Outcome(status: process.terminationStatus, output: texts[0], errors: texts[1])
    }
}
