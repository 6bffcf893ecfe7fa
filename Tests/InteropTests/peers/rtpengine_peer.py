"""A plain telephone behind rtpengine, driven by lines of JSON on stdin and answered on stdout.

    rtpengine_peer.py                        SIPp, which takes G.711 A-law and echoes what it hears
    rtpengine_peer.py baresip CODEC HERTZ    baresip, which says a tone; CODEC as it calls it
    rtpengine_peer.py direct ...             either without rtpengine: descriptions go to the telephone as they are. baresip
                                             may have a fourth argument, its mediaenc

{"do": "answer", "sdp": WebRTC offer}  -> {"sdp": the WebRTC answer} once the telephone has taken the call
{"do": "offer"}                        -> {"sdp": a WebRTC offer}; baresip calls
{"do": "accept", "sdp": answer}        -> {} once it is connected
{"do": "statistics"}                   -> {"frequency"} of the last half second that baresip has heard
{"do": "close"}                        -> {} and the end
"""

import cmath
import ctypes
import glob
import json
import math
import os
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
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
        """With nothing to send it only listens."""
        limit = time.monotonic() + 20
        self.socket.settimeout(0.2)
        while time.monotonic() < limit:
            try:
                if message:
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


class Nothing:
    """In place of a relay."""

    def ask(self, command, sdp="", **parameters):
        return {"sdp": sdp}


class Telephone:
    """What listens for SIP on a port, and our end of its one call."""

    def __init__(self):
        self.port = free_port()
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
        ]
        return self.write(lines, body)

    def write(self, lines, body):
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body.encode())}")
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def call(self, sdp):
        invite = self.request("INVITE", 1, body=sdp)
        answer = self.exchange.ask(invite, lambda answer: answer.startswith(b"SIP/2.0 200")).decode()
        to = next(line for line in answer.splitlines() if line.startswith("To:"))
        self.tag = ";tag=" + to.split(";tag=")[1]
        self.exchange.socket.send(self.request("ACK", 1, self.tag))
        return answer.split("\r\n\r\n", 1)[1]

    def called(self):
        """The offer of the call it makes."""
        self.invite = self.exchange.ask(None, lambda request: request.startswith(b"INVITE")).decode()
        return self.invite.split("\r\n\r\n", 1)[1]

    def answer(self, sdp):
        copied = [line for line in self.invite.splitlines() if line.split(":")[0] in ("Via", "From", "Call-ID", "CSeq")]
        to = next(line for line in self.invite.splitlines() if line.startswith("To:"))
        contact = f"Contact: <sip:agent@{LOCAL}:{self.exchange.port}>"
        ok = self.write(["SIP/2.0 200 OK", *copied, to + ";tag=agent", contact], sdp)
        self.exchange.ask(ok, lambda request: request.startswith(b"ACK"))

    def hang_up(self):
        if hasattr(self, "tag"):
            self.exchange.ask(self.request("BYE", 2, self.tag), lambda answer: b" BYE" in answer)


class SIPp(Telephone):
    strips = ["opus", "red"]

    def __init__(self):
        super().__init__()
        start(
            "/usr/bin/sipp", "-sf", SCENARIO, "-i", LOCAL, "-p", str(self.port), "-mi", LOCAL, "-mp",
            str(free_port() & ~1), "-rtp_echo", "-m", "1", "-nostdin",
        )


class Baresip(Telephone):
    strips = []

    def __init__(self, codec, frequency, encryption=None):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        first, self.control = random.randrange(40000, 50000, 100), free_port()
        modules = "g711 g722 opus ausine aubridge sndfile uuid srtp".split()
        lines = [
            f"sip_listen {LOCAL}:{self.port}", f"net_interface {LOCAL}", f"rtp_ports {first}-{first + 99}",
            f"audio_source ausine,{frequency}", "audio_player aubridge,ear", "audio_alert aubridge,bell",
            "ausrc_srate 48000", "auplay_srate 48000", "ausrc_channels 2", "auplay_channels 2", "audio_txmode thread",
            "module_path /usr/lib/baresip/modules", *(f"module {name}.so" for name in modules),
            "module_tmp account.so", "module_app menu.so", "module_app ctrl_tcp.so",
            f"ctrl_tcp_listen {LOCAL}:{self.control}", f"snd_path {self.folder.name}",
        ]
        self.write_file("config", lines)
        account = f"<sip:echo@{LOCAL};transport=udp>;regint=0;answermode=auto;audio_codecs={codec}"
        self.write_file("accounts", [account + (f";mediaenc={encryption}" if encryption else "")])
        self.write_file("contacts", [])
        start("/usr/bin/baresip", "-f", self.folder.name)

    def write_file(self, name, lines):
        with open(os.path.join(self.folder.name, name), "w") as file:
            file.writelines(line + "\n" for line in lines)

    def called(self):
        command = json.dumps({"command": "dial", "params": f"sip:agent@{LOCAL}:{self.exchange.port}", "token": ""})
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            try:
                self.connection = socket.create_connection((LOCAL, self.control))
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        self.connection.sendall(encode(command) + b",")
        return super().called()

    def frequency(self):
        """Of the last half second of its recording, whose header says nothing before its end."""
        for path in glob.glob(os.path.join(self.folder.name, "*dec.wav")):
            with open(path, "rb") as file:
                header, data = file.read(44), file.read()
            channels, rate = struct.unpack_from("<HI", header, 22)
            count = rate // 2
            samples = struct.unpack(f"<{len(data) // 2}h", data[: len(data) // 2 * 2])[::channels][-count:]
            if len(samples) == count and max(samples) > 300:
                return max(range(50, 2000, 10), key=lambda hertz: strength(samples, rate, hertz))
        return None


def strength(samples, rate, hertz):
    step = cmath.exp(-2j * math.pi * hertz / 8000)
    phase, sum = 1, 0
    for sample in samples[:: rate // 8000]:
        sum += sample * phase
        phase *= step
    return abs(sum)


def main():
    arguments = sys.argv[1:]
    is_direct = arguments[:1] == ["direct"]
    kind, *details = arguments[is_direct:] or ["sipp"]
    telephone = Baresip(*details) if kind == "baresip" else SIPp()
    relay = Nothing() if is_direct else Relay()
    plain = {"ICE": "remove", "DTLS": "off", "transport-protocol": "RTP/AVP", "rtcp-mux": ["demux"]}
    web = {"ICE": "force", "DTLS": "passive", "transport-protocol": "UDP/TLS/RTP/SAVPF", "rtcp-mux": ["require"]}
    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        match request["do"]:
            case "answer":
                offer = relay.ask("offer", sdp=request["sdp"], codec={"strip": telephone.strips}, **plain)
                taken = telephone.call(offer["sdp"])
                answer["sdp"] = relay.ask("answer", sdp=taken, **{"to-tag": "echo"}, **web)["sdp"]
            case "offer":
                answer["sdp"] = relay.ask("offer", sdp=telephone.called(), **web)["sdp"]
            case "accept":
                taken = relay.ask("answer", sdp=request["sdp"], **{"to-tag": "echo"}, **plain)
                telephone.answer(taken["sdp"])
            case "statistics":
                answer["frequency"] = telephone.frequency()
            case "close":
                telephone.hang_up()
                relay.ask("delete")
        print(json.dumps(answer), flush=True)
        if request["do"] == "close":
            return


main()
