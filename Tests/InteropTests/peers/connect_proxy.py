"""An HTTP proxy that makes tunnels for who has the password: prints `port` and its port, then a line for each tunnel."""

import base64
import socket
import sys
import threading

EXPECTED = "Basic " + base64.b64encode(sys.argv[1].encode()).decode()


def serve(client):
    header = b""
    while b"\r\n\r\n" not in header:
        more = client.recv(4096)
        if not more:
            return client.close()
        header += more
    request, *lines = header.decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines if ": " in line)
    method, target, _ = request.split(" ")
    if method != "CONNECT" or fields.get("Proxy-Authorization") != EXPECTED:
        client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\n\r\n")
        return client.close()
    host, port = target.rsplit(":", 1)
    server = socket.create_connection((host.strip("[]"), int(port)))
    client.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
    print("tunnel", target, flush=True)
    for source, sink in ((client, server), (server, client)):
        threading.Thread(target=pump, args=(source, sink), daemon=True).start()


def pump(source, sink):
    try:
        while more := source.recv(65536):
            sink.sendall(more)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


listener = socket.create_server(("127.0.0.1", 0))
print("port", listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
