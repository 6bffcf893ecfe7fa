"""Has a headless Chromium load a page and run `websocket_page.js` there; prints what that saw, line by line.

    chromium_peer.py PAGE_URL SOCKET_URL
"""

import contextlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from websockets.sync.client import connect


class Browser:
    """Chromium's DevTools protocol over its own WebSocket."""

    def __init__(self, profile, *options):
        program = shutil.which("chromium") or "/usr/bin/chromium"
        self.process = subprocess.Popen(
            [
                program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
                "--remote-debugging-port=0", f"--user-data-dir={profile}", *options, "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.last = 0
        self.resources = contextlib.ExitStack()
        address = self.address(pathlib.Path(profile, "DevToolsActivePort"))
        self.devtools = self.resources.enter_context(connect(address, max_size=None))

    def address(self, file):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            lines = file.read_text().split("\n") if file.exists() else []
            if len(lines) == 2:
                return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            time.sleep(0.05)
        sys.exit("Chromium did not start")

    def call(self, method, session=None, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self.devtools.send(json.dumps(message))
        answer = self.wait(lambda message: message.get("id") == self.last)
        if "error" in answer:
            sys.exit(f"{method}: {answer['error']}")
        return answer["result"]

    def wait(self, is_wanted):
        while True:
            message = json.loads(self.devtools.recv(timeout=60))
            if is_wanted(message):
                return message

    def load(self, url):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Page.enable", session)
        self.call("Page.navigate", session, url=url)
        self.wait(lambda message: message.get("method") == "Page.loadEventFired")
        return session

    def evaluate(self, session, expression):
        result = self.call(
            "Runtime.evaluate", session, expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in result:
            sys.exit(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def close(self):
        self.resources.close()
        self.process.terminate()
        self.process.wait(20)


def main():
    page, url = sys.argv[1:]
    script = pathlib.Path(__file__).with_name("websocket_page.js").read_text()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        try:
            session = browser.load(page)
            for line in browser.evaluate(session, f"{script}\ncheck({json.dumps(url)})"):
                print(line)
        finally:
            browser.close()


if __name__ == "__main__":
    main()
