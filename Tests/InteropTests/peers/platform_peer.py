"""A calling platform of one call, behind a SIP proxy over UDP: its signalling is all here, its sound is aiortc's.

    platform_peer.py ADDRESS PORT PROXYPORT SEAT DOMAIN

Listens on ADDRESS:PORT; the proxy is at the same address. Once the seat has logged in it is offered a call, and when it
answers there is one, in which a tone of 440 Hz is sent. On standard output, a line each:

    listening                   it can be talked to
    heard FREQUENCY | heard nothing   in the last half second of the call
    digit D                     an INFO of the seat's in the call
    in-call STATUS              how the seat answered the INFO that is sent back for each digit
    renewed STATUS              how it answered the INVITE without an offer that comes after the digit #
    moved STATUS                how it answered the INVITE that moves the call after the digit * or 0
    other heard FREQUENCY       in the last half second, by whom the call was moved to
    ended                       the call is over

After the digit * the call is moved to a peer in a process of its own, which sends 620 Hz as PCMA and whose offer is in the
INVITE; after the digit 0 to another one, which sends 850 Hz as Opus and answers the offer that the INVITE asks for.
"""

import asyncio
import contextlib
import json
import os
import re
import sys
import uuid

import aioice.ice
import numpy
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc_peer import RATE, Tone
from av import AudioResampler

ADDRESS, PORT, PROXY, SEAT, DOMAIN = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
CALL, CUSTOMER = "7", "13800138000"

aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [ADDRESS]


def say(*words):
    print(*words, flush=True)


class Ear:
    """What comes in half a second."""

    def __init__(self):
        self.heard = []
        self.resampler = AudioResampler(format="s16", layout="mono", rate=RATE)

    async def listen(self, track):
        with contextlib.suppress(MediaStreamError):
            while True:
                for frame in self.resampler.resample(await track.recv()):
                    self.heard.append(frame.to_ndarray().reshape(-1) / 32768)

    async def report(self):
        while True:
            await asyncio.sleep(0.5)
            heard, self.heard = self.heard, []
            samples = numpy.concatenate(heard) if heard else numpy.zeros(0)
            if len(samples) < RATE // 4 or numpy.abs(samples).max() < 0.01:
                say("heard nothing")
                continue
            spectrum = numpy.abs(numpy.fft.rfft(samples * numpy.hanning(len(samples))))
            say("heard", round(float(numpy.argmax(spectrum) * RATE / len(samples))))


class Other:
    """A peer in a process of its own."""

    def __init__(self):
        self.turn = asyncio.Lock()

    async def start(self, codec, frequency):
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "aiortc_peer.py")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, path, codec, str(frequency), env={**os.environ, "PEER_ADDRESS": ADDRESS},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        return self

    async def ask(self, verb, sdp=None):
        async with self.turn:
            self.process.stdin.write(json.dumps({"do": verb, "sdp": sdp}).encode() + b"\n")
            return json.loads(await self.process.stdout.readline())

    async def report(self):
        while True:
            await asyncio.sleep(0.5)
            frequency = (await self.ask("statistics"))["frequency"]
            if frequency is not None:
                say("other heard", round(frequency))


class Message:
    def __init__(self, data):
        head, _, self.body = data.decode().partition("\r\n\r\n")
        self.line, *lines = head.split("\r\n")
        self.fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name]

    def first(self, name):
        return self.all(name)[0]


class Platform(asyncio.DatagramProtocol):
    def __init__(self):
        self.answers = {}
        self.dialog = None
        self.connection = None
        # Who answers the seat's offers, and what with, by CSeq.
        self.answerers = {}
        self.descriptions = {}
        self.reporting = None
        self.offered = False
        self.ear = Ear()

    def connection_made(self, transport):
        self.transport = transport
        say("listening")

    def send(self, lines, body=""):
        text = "\r\n".join([*lines, f"Content-Length: {len(body.encode())}", "", body])
        self.transport.sendto(text.encode(), (ADDRESS, PROXY))

    def datagram_received(self, data, address):
        message = Message(data)
        if message.line.startswith("SIP/2.0 "):
            status = int(message.line.split()[1])
            answer = self.answers.get((message.first("call-id"), message.first("cseq")))
            # Each further 200 of an INVITE wants its ACK.
            if status == 200 and message.first("cseq").endswith("INVITE"):
                asyncio.ensure_future(self.acknowledge(message))
            if answer and status >= 200 and not answer.done():
                answer.set_result((status, message))
            return
        method = message.line.split()[0]
        if method == "ACK":
            return
        copied = [f"{name}: {value}" for name in ("via", "from", "call-id", "cseq") for value in message.all(name)]
        to = message.first("to")
        status = "488 Not Acceptable Here" if method == "INVITE" else "200 OK"
        self.send([f"SIP/2.0 {status}", *copied, f"To: {to}" + ("" if "tag=" in to else ";tag=platform")])
        asyncio.ensure_future(self.take(method, message))

    async def take(self, method, message):
        notice = re.search(r'<cc a="(\d+)"', message.body)
        if method == "MESSAGE" and notice:
            await self.obey(int(notice[1]))
        elif method == "INFO" and "Signal" in message.body:
            say("digit", re.search(r"Signal\s*=\s*(\S)", message.body)[1])
            status, _ = await self.in_call("INFO", "application/pidf+xml", "<i/>")
            say("in-call", status)
            if re.search(r"Signal\s*=\s*#", message.body):
                status, _ = await self.ask_for_offer(self.describe)
                say("renewed", status)
            if re.search(r"Signal\s*=\s*\*", message.body):
                await self.move(await Other().start("PCMA", 620), offers=True)
            if re.search(r"Signal\s*=\s*0", message.body):
                await self.move(await Other().start("opus", 850), offers=False)
        elif method == "BYE":
            say("ended")

    async def obey(self, verb):
        if verb in (1, 2):
            await self.tell(f'<cc a="{verb}"/>')
        elif verb == 53 and not self.offered:
            self.offered = True
            await self.tell(f'<cc a="100" c="{CALL}" n="{CUSTOMER}"/>')
        elif verb == 102:
            await self.call()
        elif verb == 106:
            await self.in_call("BYE")
            await self.tell(f'<cc a="105" c="{CALL}" n="{CUSTOMER}" r="26"/>')
            say("ended")

    async def tell(self, body):
        target = f"sip:{SEAT}@{DOMAIN}"
        await self.request("MESSAGE", target, str(uuid.uuid4()), [f"To: <{target}>"], 1, body=body)

    async def call(self):
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.on("track", lambda track: asyncio.ensure_future(self.ear.listen(track)))
        connection.addTrack(Tone(440))
        await connection.setLocalDescription(await connection.createOffer())
        target = f"sip:{SEAT}@{DOMAIN}"
        self.dialog = {"target": target, "to": f"<{target}>", "call-id": str(uuid.uuid4()), "routes": [], "sequence": 0}
        status, answer = await self.in_call("INVITE", "application/sdp", connection.localDescription.sdp)
        if status != 200:
            return say("refused", status)
        await self.in_call(
            "INFO", "application/pidf+xml", f'<i n="{CALL}" s="*"><u n="{CUSTOMER}" a="i" l="m"/></i>')
        await self.tell(f'<cc a="104" c="{CALL}" n="{CUSTOMER}"/>')
        await connection.setRemoteDescription(RTCSessionDescription(answer.body, "answer"))
        self.connection = connection
        self.reporting = asyncio.ensure_future(self.ear.report())

    async def move(self, other, offers):
        if offers:
            offer = (await other.ask("offer"))["sdp"]
            status, answer = await self.in_call("INVITE", "application/sdp", offer)
            if status == 200:
                await other.ask("accept", answer.body)
        else:

            async def answer(offer):
                return (await other.ask("answer", offer))["sdp"]

            status, _ = await self.ask_for_offer(answer)
        say("moved", status)
        self.reporting.cancel()
        self.reporting = asyncio.ensure_future(other.report())

    async def ask_for_offer(self, answerer):
        self.answerers[str(self.dialog["sequence"] + 1)] = answerer
        return await self.in_call("INVITE")

    async def acknowledge(self, answer):
        """With the answer to the seat's offer, where it was asked for one."""
        self.dialog["to"] = answer.first("to")
        self.dialog["target"] = re.search(r"<([^>]*)>", answer.first("contact"))[1]
        sequence = answer.first("cseq").split()[0]
        # The route set stays what the first INVITE made it (RFC 3261 §12.2).
        if sequence == "1":
            routes = re.findall(r"<[^>]*>(?:;[^,]+)?", ",".join(answer.all("record-route")))
            self.dialog["routes"] = [f"Route: {route}" for route in reversed(routes)]
        kind, body = "", ""
        if sequence in self.answerers:
            if sequence not in self.descriptions:
                self.descriptions[sequence] = asyncio.ensure_future(self.answerers[sequence](answer.body))
            kind, body = "application/sdp", await self.descriptions[sequence]
        self.write("ACK", self.dialog["target"], self.dialog["call-id"], self.dialog_lines(), sequence, kind, body)

    async def describe(self, offer):
        await self.connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        return self.connection.localDescription.sdp

    def dialog_lines(self):
        return [f"To: {self.dialog['to']}", *self.dialog["routes"]]

    async def in_call(self, method, kind="", body=""):
        self.dialog["sequence"] += 1
        return await self.request(
            method, self.dialog["target"], self.dialog["call-id"], self.dialog_lines(), self.dialog["sequence"], kind,
            body)

    async def request(self, method, target, call_id, lines, sequence, kind="application/pidf+xml", body=""):
        answer = asyncio.get_running_loop().create_future()
        self.answers[call_id, f"{sequence} {method}"] = answer
        self.write(method, target, call_id, lines, sequence, kind, body)
        return await asyncio.wait_for(answer, 20)

    def write(self, method, target, call_id, lines, sequence, kind="", body=""):
        self.send(
            [
                f"{method} {target} SIP/2.0",
                f"Via: SIP/2.0/UDP {ADDRESS}:{PORT};branch=z9hG4bK{uuid.uuid4().hex}",
                "Max-Forwards: 70",
                f"From: <sip:PBX@{DOMAIN}>;tag=platform",
                *lines,
                f"Call-ID: {call_id}",
                f"CSeq: {sequence} {method}",
                f"Contact: <sip:PBX@{ADDRESS}:{PORT}>",
                *([f"Content-Type: {kind}"] if kind else []),
            ],
            body)


async def main():
    await asyncio.get_running_loop().create_datagram_endpoint(Platform, local_addr=(ADDRESS, PORT))
    await asyncio.Event().wait()


asyncio.run(main())
