import Testing
import Wire

@testable import SIP

extension Instant {
    static func at(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1_000_000_000)) }
}

private func request(_ method: Method) -> Request {
    Request(
        method, target: URI(user: "b", host: "example.com"),
        via: [Via(transport: "WSS", host: "a.invalid", parameters: ["branch": "z9hG4bK1"])],
        from: NameAddress(URI(user: "a", host: "example.com")).tagged("f"),
        to: NameAddress(URI(user: "b", host: "example.com")), callID: "c", sequence: 7,
        headers: [.route: "<sip:p;lr>", .contentType: "text/plain"], body: [1, 2])
}

private func response(_ status: Int, to method: Method) -> Response {
    Response(to: request(method), status: status, tag: "t")
}

@Suite("Non-INVITE client transaction, RFC 3261 Figure 6")
struct ClientTransactionTests {
    private var transaction = ClientTransaction(request(.message))

    @Test("start → Trying: the request is sent, timer F is 64·T1, timer E does not run")
    mutating func start() {
        let outputs = transaction.handle(.start, at: .at(0))
        #expect(outputs == [.send(request(.message))])
        #expect(transaction.deadline == .at(32))
    }

    @Test("Trying, 1xx → Proceeding: handed up, timer F goes on")
    mutating func provisional() {
        _ = transaction.handle(.start, at: .at(0))
        let outputs = transaction.handle(.response(response(100, to: .message)), at: .at(1))
        #expect(outputs == [.deliver(response(100, to: .message))])
        #expect(transaction.deadline == .at(32))
    }

    @Test(
        "Trying or Proceeding, 200–699 → over: handed up, timer K is zero",
        arguments: [[200], [100, 404], [100, 180, 603]])
    func final(_ statuses: [Int]) {
        var transaction = transaction
        _ = transaction.handle(.start, at: .at(0))
        for status in statuses {
            let outputs = transaction.handle(.response(response(status, to: .message)), at: .at(1))
            #expect(outputs == [.deliver(response(status, to: .message))])
        }
        #expect(transaction.isTerminated)
        let late = transaction.handle(.response(response(200, to: .message)), at: .at(2))
        #expect(late == [])
    }

    @Test("Trying or Proceeding, timer F → over: time-out", arguments: [[], [100]])
    func timeout(_ statuses: [Int]) {
        var transaction = transaction
        _ = transaction.handle(.start, at: .at(0))
        for status in statuses { _ = transaction.handle(.response(response(status, to: .message)), at: .at(1)) }
        let early = transaction.handle(.deadlineReached, at: .at(31))
        let outputs = transaction.handle(.deadlineReached, at: .at(32))
        #expect(early == [])
        #expect(outputs == [.fail(.timedOut)])
        #expect(transaction.isTerminated)
    }

    @Test("Trying or Proceeding, transport error → over: transport failure", arguments: [[], [100]])
    func transport(_ statuses: [Int]) {
        var transaction = transaction
        _ = transaction.handle(.start, at: .at(0))
        for status in statuses { _ = transaction.handle(.response(response(status, to: .message)), at: .at(1)) }
        let outputs = transaction.handle(.transportFailed, at: .at(2))
        #expect(outputs == [.fail(.transport)])
        #expect(transaction.isTerminated)
    }
}

@Suite("INVITE client transaction, RFC 3261 Figure 5 with RFC 6026")
struct InviteClientTransactionTests {
    private var transaction = InviteClientTransaction(request(.invite))

    @Test("start → Calling: the INVITE is sent, timer B is 64·T1, timer A does not run")
    mutating func start() {
        let outputs = transaction.handle(.start, at: .at(0))
        #expect(outputs == [.send(request(.invite))])
        #expect(transaction.deadline == .at(32))
    }

    @Test("Calling, 1xx → Proceeding: handed up, timer B stops")
    mutating func provisional() {
        _ = transaction.handle(.start, at: .at(0))
        let outputs = transaction.handle(.response(response(180, to: .invite)), at: .at(1))
        #expect(outputs == [.deliver(response(180, to: .invite))])
        #expect(transaction.deadline == nil)
        #expect(transaction.isProceeding)
    }

    @Test("Calling or Proceeding, 2xx → Accepted: every 2xx is handed up until timer M", arguments: [[], [180]])
    func accepted(_ provisional: [Int]) {
        var transaction = transaction
        _ = transaction.handle(.start, at: .at(0))
        for status in provisional { _ = transaction.handle(.response(response(status, to: .invite)), at: .at(1)) }
        for _ in 0..<2 {
            let outputs = transaction.handle(.response(response(200, to: .invite)), at: .at(3))
            #expect(outputs == [.deliver(response(200, to: .invite))])
        }
        let other = transaction.handle(.response(response(486, to: .invite)), at: .at(3))
        #expect(other == [])
        #expect(transaction.deadline == .at(35))
        let end = transaction.handle(.deadlineReached, at: .at(35))
        #expect(end == [])
        #expect(transaction.isTerminated)
    }

    @Test(
        "Calling or Proceeding, 300–699 → over: ACK of §17.1.1.3 sent, handed up, timer D is zero",
        arguments: [[], [180]])
    func refused(_ provisional: [Int]) {
        var transaction = transaction
        _ = transaction.handle(.start, at: .at(0))
        for status in provisional { _ = transaction.handle(.response(response(status, to: .invite)), at: .at(1)) }
        let outputs = transaction.handle(.response(response(486, to: .invite)), at: .at(3))
        var ack = request(.ack)
        ack.to.tag = "t"
        ack.headers = [.route: "<sip:p;lr>"]
        ack.body = []
        #expect(outputs == [.send(ack), .deliver(response(486, to: .invite))])
        #expect(transaction.isTerminated)
    }

    @Test("Calling, timer B → over: time-out; in Proceeding nothing ends the wait")
    mutating func timeout() {
        _ = transaction.handle(.start, at: .at(0))
        var ringing = transaction
        let outputs = transaction.handle(.deadlineReached, at: .at(32))
        #expect(outputs == [.fail(.timedOut)])
        #expect(transaction.isTerminated)
        _ = ringing.handle(.response(response(180, to: .invite)), at: .at(1))
        let patient = ringing.handle(.deadlineReached, at: .at(3600))
        #expect(patient == [])
    }

    @Test("Calling or Proceeding, transport error → over: transport failure; Accepted goes on")
    mutating func transport() {
        _ = transaction.handle(.start, at: .at(0))
        var accepted = transaction
        let outputs = transaction.handle(.transportFailed, at: .at(1))
        #expect(outputs == [.fail(.transport)])
        #expect(transaction.isTerminated)
        _ = accepted.handle(.response(response(200, to: .invite)), at: .at(1))
        let ignored = accepted.handle(.transportFailed, at: .at(2))
        #expect(ignored == [])
        #expect(!accepted.isTerminated)
    }
}

@Suite("Non-INVITE server transaction, RFC 3261 Figure 8")
struct ServerTransactionTests {
    private var transaction = ServerTransaction(request(.message))

    @Test("start → Trying: the request is handed up, its retransmission is not")
    mutating func start() {
        let outputs = transaction.handle(.start, at: .at(0))
        let again = transaction.handle(.retransmission, at: .at(1))
        #expect(outputs == [.deliver(request(.message))])
        #expect(again == [])
    }

    @Test("1xx → Proceeding: sent, and sent again for a retransmission")
    mutating func provisional() {
        _ = transaction.handle(.start, at: .at(0))
        let outputs = transaction.handle(.respond(response(182, to: .message)), at: .at(1))
        let again = transaction.handle(.retransmission, at: .at(2))
        #expect(outputs == [.send(response(182, to: .message))])
        #expect(again == outputs)
    }

    @Test("200–699 → over: sent, timer J is zero", arguments: [[200], [182, 404]])
    func final(_ statuses: [Int]) {
        var transaction = transaction
        _ = transaction.handle(.start, at: .at(0))
        for status in statuses {
            let outputs = transaction.handle(.respond(response(status, to: .message)), at: .at(1))
            #expect(outputs == [.send(response(status, to: .message))])
        }
        #expect(transaction.isTerminated)
        let second = transaction.handle(.respond(response(500, to: .message)), at: .at(2))
        #expect(second == [])
    }

    @Test("no answer of the owner within 64·T1 → over (RFC 4320 §4.2)")
    mutating func forgotten() {
        _ = transaction.handle(.start, at: .at(0))
        #expect(transaction.deadline == .at(32))
        let outputs = transaction.handle(.deadlineReached, at: .at(32))
        #expect(outputs == [.fail(.timedOut)])
        #expect(transaction.isTerminated)
    }

    @Test("transport error → over")
    mutating func transport() {
        _ = transaction.handle(.start, at: .at(0))
        let outputs = transaction.handle(.transportFailed, at: .at(1))
        #expect(outputs == [.fail(.transport)])
        #expect(transaction.isTerminated)
    }
}

@Suite("INVITE server transaction, RFC 3261 Figure 7 with RFC 6026")
struct InviteServerTransactionTests {
    private var transaction = InviteServerTransaction(request(.invite))

    @Test("start → Proceeding: handed up; 100 goes out after 200 ms without any response")
    mutating func trying() {
        let outputs = transaction.handle(.start, at: .at(0))
        #expect(outputs == [.deliver(request(.invite))])
        #expect(transaction.deadline == .at(0.2))
        let hundred = transaction.handle(.deadlineReached, at: .at(0.2))
        #expect(hundred == [.send(Response(to: request(.invite), status: 100, tag: nil))])
        #expect(transaction.deadline == nil)
        let again = transaction.handle(.retransmission, at: .at(1))
        #expect(again == hundred)
    }

    @Test("Proceeding, 1xx → sent, and sent again for a retransmission; no 100 any more")
    mutating func provisional() {
        _ = transaction.handle(.start, at: .at(0))
        let outputs = transaction.handle(.respond(response(180, to: .invite)), at: .at(0.1))
        let again = transaction.handle(.retransmission, at: .at(1))
        #expect(outputs == [.send(response(180, to: .invite))])
        #expect(again == outputs)
        #expect(transaction.deadline == nil)
    }

    @Test("Proceeding, 2xx → Accepted: sent; retransmitted INVITEs are absorbed, 2xx passed on until timer L")
    mutating func accepted() {
        _ = transaction.handle(.start, at: .at(0))
        let outputs = transaction.handle(.respond(response(200, to: .invite)), at: .at(1))
        #expect(outputs == [.send(response(200, to: .invite))])
        let absorbed = transaction.handle(.retransmission, at: .at(2))
        #expect(absorbed == [])
        let again = transaction.handle(.respond(response(200, to: .invite)), at: .at(2))
        #expect(again == outputs)
        #expect(transaction.deadline == .at(33))
        let end = transaction.handle(.deadlineReached, at: .at(33))
        #expect(end == [])
        #expect(transaction.isTerminated)
    }

    @Test("Proceeding, 300–699 → Completed: sent, again for a retransmission, over with the ACK as timer I is zero")
    mutating func refused() {
        _ = transaction.handle(.start, at: .at(0))
        let outputs = transaction.handle(.respond(response(486, to: .invite)), at: .at(1))
        let again = transaction.handle(.retransmission, at: .at(2))
        #expect(outputs == [.send(response(486, to: .invite))])
        #expect(again == outputs)
        #expect(!transaction.isTerminated)
        let end = transaction.handle(.ack, at: .at(3))
        #expect(end == [])
        #expect(transaction.isTerminated)
    }

    @Test("Completed, timer H → over: no ACK came; timer G does not run")
    mutating func noACK() {
        _ = transaction.handle(.start, at: .at(0))
        _ = transaction.handle(.respond(response(486, to: .invite)), at: .at(1))
        #expect(transaction.deadline == .at(33))
        let outputs = transaction.handle(.deadlineReached, at: .at(33))
        #expect(outputs == [.fail(.timedOut)])
        #expect(transaction.isTerminated)
    }

    @Test("transport error → over in Proceeding and Completed")
    mutating func transport() {
        _ = transaction.handle(.start, at: .at(0))
        var completed = transaction
        let outputs = transaction.handle(.transportFailed, at: .at(1))
        #expect(outputs == [.fail(.transport)])
        _ = completed.handle(.respond(response(486, to: .invite)), at: .at(1))
        let later = completed.handle(.transportFailed, at: .at(2))
        #expect(later == [.fail(.transport)])
        #expect(transaction.isTerminated && completed.isTerminated)
    }
}

@Suite("Retransmission of a 2xx, RFC 3261 §13.3.1.4")
struct ResponseRetransmissionTests {
    @Test("T1 doubled up to T2 until 64·T1 are over")
    func schedule() {
        var retransmission = ResponseRetransmission(response(200, to: .invite), at: .at(0))
        var sent: [Instant] = []
        while let deadline = retransmission.deadline {
            let outputs = retransmission.deadlineReached(at: deadline)
            if outputs == [.fail(.timedOut)] {
                #expect(deadline == .at(32))
            } else {
                #expect(outputs == [.send(response(200, to: .invite))])
                sent.append(deadline)
            }
        }
        #expect(sent == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5].map { .at($0) })
    }

    @Test("the ACK ends it")
    func acknowledged() {
        var retransmission = ResponseRetransmission(response(200, to: .invite), at: .at(0))
        retransmission.acknowledged()
        let outputs = retransmission.deadlineReached(at: .at(32))
        #expect(retransmission.deadline == nil)
        #expect(outputs == [])
    }
}
