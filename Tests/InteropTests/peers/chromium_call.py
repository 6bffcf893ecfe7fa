"""One WebRTC call of a headless Chromium, driven like aiortc_peer.py; its host candidates have mDNS names.

    chromium_call.py FREQUENCY
"""

import json
import pathlib
import sys
import tempfile

from chromium_peer import Browser


def main():
    script = pathlib.Path(__file__).with_name("call_page.js").read_text()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile, "--autoplay-policy=no-user-gesture-required")
        try:
            session = browser.load("about:blank")
            browser.evaluate(session, f"{script}\nglobalThis.call = new Call({float(sys.argv[1])}); null")
            for line in sys.stdin:
                request = json.loads(line)
                answer = browser.evaluate(session, f"call.{request['do']}({json.dumps(request.get('sdp'))})")
                print(json.dumps(answer or {}), flush=True)
                if request["do"] == "close":
                    return
        finally:
            browser.close()


main()
