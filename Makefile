# Kring. `make run` serves, `make test` is what CI runs; the figures of
# docs/PERFORMANCE.md come from the bench targets. Arguments for a load program go into
# ARGS: make bench ARGS='-rounds 3 -mixes get'.

SHELL := /bin/sh
GO ?= go
ARGS ?=
# A count, not a duration: a fuzz run that ends by the clock sometimes reports
# "context deadline exceeded" as a failure of its own.
FUZZTIME ?= 5000x
SOAKTIME ?= 10m
RACE_COMMANDS ?= 15000
# The differential test's sequences in make test are the same in every run, so that a
# red run is the change's doing; make soak and make compat-random look for new ones.
COMPAT_SEED ?= 20261123
export COMPAT_SEED

BIN := bin/kring-server
CHECKED := bin/kring-server-checked
# The packages of the product: everything but the black-box tests.
PACKAGES = $$($(GO) list ./... | grep -v '/tests/')
BLACKBOX := ./tests/internal/... ./tests/load/...

export KRING_BIN ?= $(CURDIR)/$(BIN)

.PHONY: all build checked run test setup lint unit race invariants compat compat-checked compat-random clients robust window crash \
	fuzz-smoke bench bench-memory bench-latency bench-hitratio bench-expiry bench-collide bench-types bench-messages bench-aof bench-admin bench-tls bench-io bench-idle profile soak screenshot docs clean

all: build

build:
	$(GO) build -o $(BIN) ./cmd/kring-server

# The server with every self-check and the race detector, for the differential test.
checked:
	$(GO) build -race -tags invariants -o $(CHECKED) ./cmd/kring-server

run: build
	$(BIN) $(ARGS)

# One target after the other, whatever -j says: two cores, and tests that measure time.
test:
	@set -e; for t in setup build lint unit invariants race compat compat-checked clients robust goroutine window crash fuzz-smoke; do \
		begin=$$(date +%s); echo "== $$t"; $(MAKE) --no-print-directory $$t; \
		echo "== $$t took $$(($$(date +%s) - begin)) s"; done; echo "== all passed"

setup:
	sh tests/setup.sh

lint:
	@out=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); if [ -n "$$out" ]; then echo "gofmt wants to change:"; echo "$$out"; exit 1; fi
	$(GO) vet ./...
	$(GO) vet -tags invariants ./...
	GOOS=darwin $(GO) vet ./... && GOOS=darwin $(GO) build ./...
	GOOS=windows $(GO) vet ./... && GOOS=windows $(GO) build ./...
	@if [ -d internal/lint ]; then $(GO) test -count=1 ./internal/lint/...; fi

unit:
	$(GO) test $(PACKAGES) $(BLACKBOX)

race:
	$(GO) test -race -short $(PACKAGES)

invariants:
	$(GO) test -tags invariants -short $(PACKAGES)

compat: build
	$(GO) test -count=1 ./tests/compat

compat-checked: checked
	KRING_BIN=$(CURDIR)/$(CHECKED) COMPAT_COMMANDS=$(RACE_COMMANDS) $(GO) test -count=1 ./tests/compat

compat-random: build
	COMPAT_SEED=$$(date +%s) COMPAT_COMMANDS=1000000 $(GO) test -count=1 -timeout 20m -run TestGenerated ./tests/compat

clients: build
	$(GO) test -count=1 ./tests/clients

robust: build
	$(GO) test -count=1 ./tests/robust

# The page with live charts, in a browser.
window: build
	$(GO) test -count=1 ./tests/window

# The other I/O model, shorter: the differential test, robustness, a client library. (TLS
# is served by goroutines in either model.)
goroutine: build
	KRING_IO_MODEL=goroutine $(GO) test -count=1 -short ./netio
	KRING_ARGS="--io-model goroutine" COMPAT_COMMANDS=5000 $(GO) test -count=1 -skip TLS ./tests/compat ./tests/robust
	KRING_ARGS="--io-model goroutine" $(GO) test -count=1 -run TestGoRedis ./tests/clients

# kill -9 under load, restart, look: 25 rounds under always and under everysec.
crash: build
	$(GO) test -count=1 -timeout 30m ./tests/crash

# Every fuzz target for a moment, beyond its seeds.
fuzz-smoke:
	@set -e; for p in $(PACKAGES); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
			echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p; done; done

# Throughput and server CPU per command, against redis-server.
bench: build
	$(GO) run ./tests/load/bench $(ARGS)

# Bytes per key, against redis-server.
bench-memory: build
	$(GO) run ./tests/load/memory $(ARGS)

# 20M keys of growth, KEYS beside GETs, DEL of large collections beside GETs.
bench-latency: build
	$(GO) run ./tests/load/latency $(ARGS)

# The data types against redis-server: bytes per element, server CPU per command.
bench-types: build
	$(GO) run ./tests/load/types $(ARGS)

# Hit ratio of eviction at equal maxmemory, against redis-server.
bench-hitratio: build
	$(GO) run ./tests/load/hitratio $(ARGS)

# How late keys expire, and what a burst of deadlines does to clients, beside redis-server.
bench-expiry: build
	$(GO) run ./tests/load/expiry $(ARGS)

# Messages, transactions and GET with everything on, against redis-server.
bench-messages: build
	$(GO) run ./tests/load/messages $(ARGS)

# A million keys that collide under unseeded XXH64.
bench-collide: build
	$(GO) run ./tests/load/collide $(ARGS)

# The append only file: CPU, throughput under always, loading, rewriting.
bench-aof: build
	$(GO) run ./tests/load/aof $(ARGS)

# What looking costs: the window's and a scraper's share of the CPU, the time of /metrics.
bench-admin: build
	$(GO) run ./tests/load/admin $(ARGS)

# Plain clients' p99 during a storm of TLS handshakes.
bench-tls: build
	$(GO) run ./tests/load/tls $(ARGS)

# The two I/O models side by side; writes docs/IO-MODELS.md. A part: ARGS='-parts idle'.
bench-io: build
	$(GO) run ./tests/load/io $(ARGS)

# 100,000 idle connections, then 1,000 of them at work; exits with 1 beyond a bound. Where a
# process may not have as many open files, in an emulated machine, which takes its time and
# needs sh tests/load/io/guest.sh once.
bench-idle: build
	$(GO) run ./tests/load/io -parts idle$$([ "$$(ulimit -Hn)" = unlimited ] || [ "$$(ulimit -Hn)" -ge 100100 ] || echo ,guest) -strict $(ARGS)

# CPU and allocation profiles into profiles/.
profile: build
	$(GO) run ./tests/load/profile $(ARGS)

soak: build compat-random
	CRASH_ROUNDS=1000 CUT_BYTES=65536 $(GO) test -count=1 -timeout 60m ./tests/crash ./internal/server
	COMPAT_SEED=$$(date +%s) COMPAT_REPLAYS=100 $(GO) test -count=1 -timeout 20m -run TestReplay ./tests/compat
	$(GO) run ./tests/load/soak -time $(SOAKTIME) $(ARGS)

# The pictures of the window in docs, after five minutes of traffic.
screenshot: build
	$(GO) run ./tests/load/screenshot $(ARGS)

# What is generated from the tables.
docs: build
	$(BIN) --options-markdown > docs/OPTIONS.md
	$(BIN) --commands-markdown > docs/COMPATIBILITY.md

clean:
	rm -rf bin profiles
