# make demo   install what is missing, build, place a call and take one, leave the daemon running
# make test   install what is missing, check the code, run every test
# make lint   only the checks
# make bench  measure the HTTP server beside others, which takes minutes; BENCH=short for one short round

.PHONY: build demo test lint bench

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

bench:
	@deploy/bootstrap bench
	Tests/Bench/run
