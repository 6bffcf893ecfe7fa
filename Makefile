# make demo   install what is missing, build, place a call and take one, leave the daemon running
# make test   install what is missing, check the code, run every test
# make lint   only the checks
# make websocket-conformance   every case of the Autobahn catalogue against both ends, then browsers and libraries;
#                              CASES='6 7.1.5' for some of them

.PHONY: build demo test lint websocket-conformance

build:
	@deploy/bootstrap
	swift build

demo: build
	deploy/demo

test:
	@deploy/bootstrap test
	deploy/lint
	swift build --build-tests
	swift test --skip-build

lint:
	deploy/lint

websocket-conformance:
	@deploy/bootstrap browser
	swift build --configuration release --product WebSocketConformance
	.build/release/WebSocketConformance $(CASES)
	PHONEBARD_TEST_BROWSER=chromium swift test --filter WebSocketPeerTests
