# make demo       install what is missing, build, place a call and take one, leave the daemon running
# make test       install what is missing, check the code, run every test
# make lint       only the checks
# make websocket-conformance   every case of the Autobahn catalogue against both ends, then browsers and libraries;
#                              CASES='6 7.1.5' for some of them
# make browser-calls  calls between us and a headless Chromium
# make contract   hold the running daemon against openapi.yaml
# make fuzz       make up input for everything that reads off the wire; SECONDS=5 and TARGETS='sdp stun' for less
# make sanitize   run the tests under the thread sanitizer and the address sanitizer
# make deb        make a Debian package in reports/
# make systemd-test            install that package under a systemd of its own and try it there; needs root, for minutes
# make quality    how speech sounds after networks of many kinds (PESQ), and how long it takes from mouth to ear; minutes
# make impairments             a call between two machines over networks that fail, in real time; needs root, for minutes
# make soak       200 calls at once for ten minutes: memory stays flat and no packet is lost; MINUTES=2 for less
# make bench      measure calls, events, SIP and the HTTP server beside others, for minutes; BENCH=short for one short round

.PHONY: build demo test lint browser-calls deb systemd-test websocket-conformance contract fuzz sanitize soak bench quality impairments bench-media bench-events bench-seats bench-sip bench-registration

SECONDS := 60
MINUTES := 10

build:
	@deploy/bootstrap
	swift build

demo: build
	deploy/demo

test:
	@deploy/bootstrap test
	deploy/lint
	swift build --build-tests
	# One after the other: some wait for a peer on their thread, and there are as few threads as cores. Should one hang,
	# the last line says which.
	timeout --kill-after=10 30m stdbuf -oL swift test --skip-build --no-parallel

lint:
	deploy/lint

websocket-conformance:
	@deploy/bootstrap browser
	swift build --configuration release --product WebSocketConformance
	.build/release/WebSocketConformance $(CASES)
	PHONEBARD_TEST_BROWSER=chromium swift test --filter WebSocketPeerTests

browser-calls:
	@deploy/bootstrap browser
	PHONEBARD_TEST_BROWSER=chromium swift test --filter ChromiumCallTests

contract: build
	@deploy/bootstrap contract
	.venv-contract/bin/openapi-spec-validator openapi.yaml
	deploy/contract

deb:
	@deploy/bootstrap deb
	deploy/deb

systemd-test:
	@deploy/bootstrap systemd
	deploy/systemd-test

fuzz:
	@deploy/bootstrap
	deploy/fuzz --seconds $(SECONDS) $(TARGETS)

sanitize:
	@deploy/bootstrap test
	deploy/sanitize

quality:
	@deploy/bootstrap quality
	.venv-quality/bin/python deploy/quality
	.venv-quality/bin/python deploy/mouth-to-ear

impairments:
	@deploy/bootstrap quality
	.venv-quality/bin/python deploy/impairments

soak:
	@deploy/bootstrap
	PHONEBARD_BENCH=1 swift build --configuration release --product MediaBench --scratch-path .build-bench/media
	.build-bench/media/release/MediaBench --codec PCMA --calls 200 --soak $(MINUTES)

bench: bench-media bench-events bench-seats bench-sip bench-registration
	@deploy/bootstrap bench
	Tests/Bench/run

bench-media:
	@deploy/bootstrap bench
	deploy/bench-media

bench-events:
	@deploy/bootstrap bench
	deploy/bench-events

bench-seats:
	@deploy/bootstrap bench
	deploy/bench-seats

bench-registration:
	@deploy/bootstrap bench
	deploy/bench-registration

bench-sip:
	@deploy/bootstrap bench
	deploy/bench-sip
