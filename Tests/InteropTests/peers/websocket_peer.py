"""A WebSocket peer that is not phonebard's, in either role.

    websocket_peer.py client LIBRARY URL COMPRESSION    checks an echo server, says what it saw line by line
    websocket_peer.py server LIBRARY COMPRESSION        says its port, then does what each text message asks for

LIBRARY is websockets or wsproto, COMPRESSION is deflate or none. The server's verbs are `extension`, `fragments`, `ping`
and `close CODE`; every other message is echoed. It ends when its standard input does.
"""

import collections
import contextlib
import os
import socket
import sys
import threading

import wsproto
import wsproto.events as events
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.sync.server import serve
from wsproto.extensions import PerMessageDeflate

RESOURCES = contextlib.ExitStack()
FRAGMENTS = ["frag", "men", "ts: ü"]


class Closed(Exception):
    def __init__(self, code):
        self.code = code


class WebsocketsPeer:
    def __init__(self, connection):
        self.connection = connection

    @staticmethod
    def connect(url, compression):
        return WebsocketsPeer(RESOURCES.enter_context(connect(url, compression=compression, max_size=None)))

    @staticmethod
    def serve(compression):
        server = serve(
            lambda connection: obey(WebsocketsPeer(connection)), "127.0.0.1", 0, compression=compression, max_size=None
        )
        print(server.socket.getsockname()[1], flush=True)
        server.serve_forever()

    def extension(self):
        return ",".join(extension.name for extension in self.connection.protocol.extensions)

    def send(self, message):
        self.connection.send(message)

    def send_fragments(self, parts):
        self.connection.send(iter(parts))

    def receive(self):
        try:
            return self.connection.recv(timeout=20)
        except ConnectionClosed as closed:
            raise Closed(closed.rcvd.code if closed.rcvd else None)

    def ping(self):
        return self.connection.ping(b"are you there").wait(20)

    def close(self, code):
        self.connection.close(code, "so long")
        return self.connection.close_code


class WsprotoPeer:
    def __init__(self, sock, role):
        self.sock = sock
        self.sock.settimeout(20)
        self.protocol = wsproto.WSConnection(role)
        self.pending = collections.deque()
        self.extensions = []

    @staticmethod
    def connect(url, compression):
        host, port = url.removeprefix("ws://").split("/")[0].split(":")
        peer = WsprotoPeer(socket.create_connection((host, int(port))), wsproto.ConnectionType.CLIENT)
        offered = [PerMessageDeflate()] if compression else []
        peer.write(events.Request(host=host, target="/ws", extensions=offered))
        peer.extensions = peer.event(events.AcceptConnection).extensions
        return peer

    @staticmethod
    def serve(compression):
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)
        while True:
            sock, _ = listener.accept()
            peer = WsprotoPeer(sock, wsproto.ConnectionType.SERVER)
            threading.Thread(target=peer.accept, args=(compression,), daemon=True).start()

    def accept(self, compression):
        self.event(events.Request)
        accepted = PerMessageDeflate()
        self.write(events.AcceptConnection(extensions=[accepted] if compression else []))
        self.extensions = [accepted] if accepted.enabled() else []
        obey(self)

    def write(self, event):
        self.sock.sendall(self.protocol.send(event))

    def event(self, *kinds):
        while True:
            while self.pending:
                event = self.pending.popleft()
                if isinstance(event, kinds):
                    return event
                if isinstance(event, events.Ping):
                    self.write(event.response())
                if isinstance(event, events.CloseConnection):
                    if self.protocol.state is wsproto.connection.ConnectionState.REMOTE_CLOSING:
                        self.write(event.response())
                    raise Closed(event.code)
            data = self.sock.recv(65536)
            self.protocol.receive_data(data or None)
            self.pending.extend(self.protocol.events())

    def extension(self):
        return ",".join(extension.name for extension in self.extensions)

    def send(self, message):
        self.write(events.Message(data=message))

    def send_fragments(self, parts):
        for part in parts[:-1]:
            self.write(events.Message(data=part, message_finished=False))
        self.write(events.Message(data=parts[-1]))

    def receive(self):
        parts = []
        while True:
            event = self.event(events.Message)
            parts.append(event.data)
            if event.message_finished:
                return parts[0][:0].join(parts)

    def ping(self):
        self.write(events.Ping(payload=b"are you there"))
        return self.event(events.Pong).payload == b"are you there"

    def close(self, code):
        self.write(events.CloseConnection(code=code, reason="so long"))
        try:
            self.event()
        except Closed as closed:
            return closed.code


def obey(peer):
    try:
        while True:
            message = peer.receive()
            if message == "extension":
                peer.send(peer.extension())
            elif message == "fragments":
                peer.send_fragments(FRAGMENTS)
            elif message == "ping":
                peer.send("pong" if peer.ping() else "silence")
            elif isinstance(message, str) and message.startswith("close "):
                peer.close(int(message.removeprefix("close ")))
                return
            else:
                peer.send(message)
    except (Closed, OSError):
        return


def check(library, url, compression):
    peer = library.connect(url, compression)
    print("extension", peer.extension() or "none")
    messages = {
        "empty": "",
        "text": "Grüße, 你好",
        "binary": bytes(range(256)),
        "long": "one line after the other, all of them alike\n" * 5000,
        "again": "one line after the other, all of them alike\n" * 5000,
        "random": os.urandom(200_000),
    }
    for name, message in messages.items():
        peer.send(message)
        print(name, "echoed" if peer.receive() == message else "damaged")
    peer.send_fragments(FRAGMENTS)
    print("fragments", "echoed" if peer.receive() == "".join(FRAGMENTS) else "damaged")
    print("ping", "answered" if peer.ping() else "ignored")
    print("close", peer.close(4001))
    peer = library.connect(url, compression)
    peer.send("close 4002")
    try:
        peer.receive()
    except Closed as closed:
        print("closed", closed.code)


def main():
    libraries = {"websockets": WebsocketsPeer, "wsproto": WsprotoPeer}
    role, library = sys.argv[1], libraries[sys.argv[2]]
    compression = "deflate" if sys.argv[-1] == "deflate" else None
    if role == "client":
        check(library, sys.argv[3], compression)
    else:
        threading.Thread(target=library.serve, args=(compression,), daemon=True).start()
        sys.stdin.read()


with RESOURCES:
    main()
