"""One WebRTC call of aiortc, driven by lines of JSON on stdin and answered on stdout.

    aiortc_peer.py CODEC FREQUENCY [lite]     CODEC is opus, PCMU or PCMA; FREQUENCY the tone it sends, in hertz; lite
                                              for ICE-lite, which answers checks and makes none

{"do": "offer"}                  -> {"sdp": its offer}
{"do": "accept", "sdp": answer}  -> {}
{"do": "answer", "sdp": offer}   -> {"sdp": its answer}
{"do": "statistics"}             -> {"state", "sent", "received", "frequency", "level"} of the last half second heard
{"do": "close"}                  -> {} and the end
"""

import asyncio
import contextlib
import fractions
import json
import math
import os
import sys

import aioice.ice
import numpy
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, AudioResampler

# aioice leaves loopback out, and these calls need nothing else.
ADDRESS = os.environ.get("PEER_ADDRESS", "127.0.0.1")
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: [ADDRESS]

RATE = 48000
FRAME = 960
AMPLITUDE = 0.1


def be_lite():
    connection = aioice.ice.Connection
    succeeded = aioice.ice.CandidatePair.State.SUCCEEDED
    connection.check_start_task = lambda self, pair: self.check_state(pair, succeeded)
    connection.query_consent = lambda self: asyncio.sleep(0)
    start = connection.__init__

    def init(self, *arguments, **options):
        start(self, *arguments, **options)
        # Controlled, whoever offers.
        self._tie_breaker = 0

    connection.__init__ = init


class Tone(MediaStreamTrack):
    kind = "audio"

    def __init__(self, frequency):
        super().__init__()
        self.frequency = frequency
        self.position = 0
        self.start = None

    async def recv(self):
        loop = asyncio.get_running_loop()
        if self.start is None:
            self.start = loop.time()
        await asyncio.sleep(self.start + self.position / RATE - loop.time())
        time = numpy.arange(self.position, self.position + FRAME) / RATE
        sine = AMPLITUDE * numpy.sin(2 * numpy.pi * self.frequency * time)
        samples = (sine * 32767).astype(numpy.int16)
        # Stereo: PyAV would take 3 dB off a mono frame for the two channels of Opus.
        frame = AudioFrame.from_ndarray(samples.repeat(2).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = RATE
        frame.pts = self.position
        frame.time_base = fractions.Fraction(1, RATE)
        self.position += FRAME
        return frame


class Ear:
    """Keeps the last half second of what was heard."""

    def __init__(self):
        self.samples = numpy.zeros(0)
        self.resampler = AudioResampler(format="s16", layout="mono", rate=RATE)

    async def listen(self, track):
        with contextlib.suppress(MediaStreamError):
            while True:
                for frame in self.resampler.resample(await track.recv()):
                    heard = frame.to_ndarray().reshape(-1) / 32768
                    self.samples = numpy.concatenate([self.samples, heard])[-RATE // 2 :]

    def frequency(self):
        if len(self.samples) < RATE // 2 or not self.samples.any():
            return None
        spectrum = numpy.abs(numpy.fft.rfft(self.samples * numpy.hanning(len(self.samples))))
        return float(numpy.argmax(spectrum) * RATE / len(self.samples))

    def level(self):
        power = float(numpy.mean(self.samples**2)) if len(self.samples) else 0
        return 10 * math.log10(2 * power) if power else None


class Call:
    def __init__(self, codec, frequency, is_lite):
        self.codec = codec
        self.is_lite = is_lite
        self.ear = Ear()
        self.tone = Tone(frequency)
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.on("track", self.heard)

    def heard(self, track):
        self.listening = asyncio.ensure_future(self.ear.listen(track))

    def description(self):
        sdp = self.connection.localDescription.sdp
        return {"sdp": sdp.replace("t=0 0\r\n", "t=0 0\r\na=ice-lite\r\n") if self.is_lite else sdp}

    def prefer_codec(self):
        capabilities = RTCRtpSender.getCapabilities("audio").codecs
        wanted = [one for one in capabilities if one.mimeType == "audio/" + self.codec]
        for transceiver in self.connection.getTransceivers():
            transceiver.setCodecPreferences(wanted)

    async def offer(self, request):
        self.connection.addTrack(self.tone)
        self.prefer_codec()
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.description()

    async def accept(self, request):
        await self.connection.setRemoteDescription(RTCSessionDescription(request["sdp"], "answer"))
        return {}

    async def answer(self, request):
        await self.connection.setRemoteDescription(RTCSessionDescription(request["sdp"], "offer"))
        self.connection.addTrack(self.tone)
        self.prefer_codec()
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        return self.description()

    async def statistics(self, request):
        report = (await self.connection.getStats()).values()

        def count(kind, name):
            return sum(getattr(entry, name) for entry in report if entry.type == kind)

        return {
            "state": self.connection.connectionState,
            "sent": count("outbound-rtp", "packetsSent"),
            "received": count("inbound-rtp", "packetsReceived"),
            "frequency": self.ear.frequency(),
            "level": self.ear.level(),
        }

    async def close(self, request):
        await self.connection.close()
        return {}


async def main():
    is_lite = sys.argv[3:] == ["lite"]
    if is_lite:
        be_lite()
    call = Call(sys.argv[1], float(sys.argv[2]), is_lite)
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    verbs = {
        "offer": call.offer,
        "accept": call.accept,
        "answer": call.answer,
        "statistics": call.statistics,
        "close": call.close,
    }
    while line := await reader.readline():
        request = json.loads(line)
        print(json.dumps(await verbs[request["do"]](request)), flush=True)
        if request["do"] == "close":
            return


if __name__ == "__main__":
    asyncio.run(main())
