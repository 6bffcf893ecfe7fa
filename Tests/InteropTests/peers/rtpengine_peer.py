"""A plain telephone behind rtpengine, driven by lines of JSON on stdin and answered on stdout.

    rtpengine_peer.py

{"do": "answer", "sdp": WebRTC offer}  -> {"sdp": the WebRTC answer} once SIPp has taken the call; it echoes what it hears
{"do": "close"}                        -> {} and the end
"""

import ctypes
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time

SCENARIO = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sipp-echo.xml")
LOCAL = "127.0.0.1"


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((LOCAL, 0))
        return probe.getsockname()[1]


def start(*command):
    def die_with_parent():
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)

    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent
    )


def encode(value):
    if isinstance(value, str):
        return b"%d:%s" % (len(value.encode()), value.encode())
    if isinstance(value, list):
        return b"l" + b"".join(map(encode, value)) + b"e"
    return b"d" + b"".join(encode(key) + encode(value[key]) for key in sorted(value)) + b"e"


def decode(data, position=0):
    """Bencode: the value at a position, and where the next one begins."""
    kind = data[position : position + 1]
    if kind == b"i":
        end = data.index(b"e", position)
        return int(data[position + 1 : end]), end + 1
    if kind in (b"l", b"d"):
        items = []
        position += 1
        while data[position : position + 1] != b"e":
            item, position = decode(data, position)
            items.append(item)
        return (items if kind == b"l" else dict(zip(items[::2], items[1::2]))), position + 1
    colon = data.index(b":", position)
    end = colon + 1 + int(data[position:colon])
    return data[colon + 1 : end].decode(), end


class Exchange:
    """Datagrams to one port, asked again until there is an answer."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((LOCAL, 0))
        self.socket.connect((LOCAL, port))
        self.port = self.socket.getsockname()[1]

    def ask(self, message, is_answer):
        limit = time.monotonic() + 20
        self.socket.settimeout(0.2)
        while time.monotonic() < limit:
            try:
                self.socket.send(message)
                while True:
                    answer = self.socket.recv(65536)
                    if is_answer(answer):
                        return answer
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.05)
        raise TimeoutError("no answer")


class Relay:
    def __init__(self):
        port, first = free_port(), random.randrange(20000, 40000, 100)
        self.process = start(
            "/usr/bin/rtpengine", f"--interface={LOCAL}", f"--listen-ng={LOCAL}:{port}", "--table=-1",
            f"--port-min={first}", f"--port-max={first + 99}", "--foreground", "--log-stderr", "--dtls-passive",
        )
        self.exchange = Exchange(port)
        self.call = {"call-id": "call", "from-tag": "agent"}

    def ask(self, command, **parameters):
        cookie = b"%d " % random.randrange(1 << 30)
        answer = self.exchange.ask(
            cookie + encode({"command": command, **self.call, **parameters}), lambda answer: answer.startswith(cookie)
        )
        answer, _ = decode(answer[len(cookie) :])
        if answer["result"] != "ok":
            raise ValueError(answer)
        return answer


class Telephone:
    def __init__(self):
        self.port, media = free_port(), free_port() & ~1
        self.process = start(
            "/usr/bin/sipp", "-sf", SCENARIO, "-i", LOCAL, "-p", str(self.port), "-mi", LOCAL, "-mp", str(media),
            "-rtp_echo", "-m", "1", "-nostdin",
        )
        self.exchange = Exchange(self.port)

    def request(self, method, number, tag="", body=""):
        lines = [
            f"{method} sip:echo@{LOCAL}:{self.port} SIP/2.0",
            f"Via: SIP/2.0/UDP {LOCAL}:{self.exchange.port};branch=z9hG4bK{method}{number};rport",
            "Max-Forwards: 70",
            f"From: <sip:agent@{LOCAL}>;tag=agent",
            f"To: <sip:echo@{LOCAL}>{tag}",
            "Call-ID: call",
            f"CSeq: {number} {method}",
            f"Contact: <sip:agent@{LOCAL}:{self.exchange.port}>",
            f"Content-Length: {len(body.encode())}",
        ]
        if body:
            lines.append("Content-Type: application/sdp")
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def call(self, sdp):
        invite = self.request("INVITE", 1, body=sdp)
        answer = self.exchange.ask(invite, lambda answer: answer.startswith(b"SIP/2.0 200")).decode()
        to = next(line for line in answer.splitlines() if line.startswith("To:"))
        self.tag = ";tag=" + to.split(";tag=")[1]
        self.exchange.socket.send(self.request("ACK", 1, self.tag))
        return answer.split("\r\n\r\n", 1)[1]

    def hang_up(self):
        self.exchange.ask(self.request("BYE", 2, self.tag), lambda answer: b" BYE" in answer)


def main():
    relay, telephone = Relay(), Telephone()
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "answer":
            offer = relay.ask("offer", sdp=request["sdp"], ICE="remove", DTLS="off", **{
                "transport-protocol": "RTP/AVP", "rtcp-mux": ["demux"], "codec": {"strip": ["opus", "red"]},
            })
            answer = telephone.call(offer["sdp"])
            answer = relay.ask("answer", sdp=answer, ICE="force", DTLS="passive", **{
                "to-tag": "echo", "transport-protocol": "UDP/TLS/RTP/SAVPF", "rtcp-mux": ["require"],
            })
            print(json.dumps({"sdp": answer["sdp"]}), flush=True)
        elif request["do"] == "close":
            telephone.hang_up()
            relay.ask("delete")
            print("{}", flush=True)
            return


main()
