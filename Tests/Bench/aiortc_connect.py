"""Prints how many milliseconds aiortc takes from the answer to a connection with itself, the median of so many calls.

    aiortc_connect.py CALLS
"""

import asyncio
import statistics
import sys
import time

import aioice.ice
from aiortc import RTCConfiguration, RTCPeerConnection
from aiortc.mediastreams import AudioStreamTrack

# aioice leaves loopback out.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


async def connect():
    offerer, answerer = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    connected = asyncio.Event()

    @offerer.on("connectionstatechange")
    def changed():
        if offerer.connectionState == "connected":
            connected.set()

    for peer in (offerer, answerer):
        peer.addTrack(AudioStreamTrack())
    await offerer.setLocalDescription(await offerer.createOffer())
    await answerer.setRemoteDescription(offerer.localDescription)
    await answerer.setLocalDescription(await answerer.createAnswer())
    start = time.monotonic()
    await offerer.setRemoteDescription(answerer.localDescription)
    await connected.wait()
    taken = time.monotonic() - start
    await offerer.close()
    await answerer.close()
    return taken * 1000


async def main():
    print(statistics.median([await connect() for _ in range(int(sys.argv[1]))]))


asyncio.run(main())
