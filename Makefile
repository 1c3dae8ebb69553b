# Kring. `make run` serves, `make test` is what CI runs; the figures of
# docs/PERFORMANCE.md come from the bench targets. Arguments for a load program go into
# ARGS: make bench ARGS='-rounds 3 -mixes get'.

SHELL := /bin/sh
GO ?= go
ARGS ?=
# A count, not a duration: a fuzz run that ends by the clock sometimes reports
# "context deadline exceeded" as a failure of its own.
FUZZTIME ?= 5000x
FUZZ_SMOKE := resp:FuzzParser resp:FuzzReply persistence:FuzzLoad store:FuzzStore
SOAKTIME ?= 10m
RACE_COMMANDS ?= 15000
# The differential test's sequences in make test are the same in every run, so that a
# red run is the change's doing; make soak and make compat-random look for new ones.
COMPAT_SEED ?= 20261123
export COMPAT_SEED

# The black-box tests and load programs are a module of their own (tests/go.mod).
TESTS := $(GO) -C tests

# What make test runs beside each other: the longest first, and those that wait most of their time early, so that
# the processors have something to do meanwhile and none of the long ones ends alone.
BESIDE := race-server race-others nodes compat-checked unit repl compat clients lint fuzz-smoke goroutine-compat crash window
# With the race detector, and for the other I/O model: fewer rounds of what make compat has all of.
ONCE := COMPAT_RESTARTS=40 COMPAT_REPLAYS=1 COMPAT_SNAPSHOTS=1 COMPAT_DUMPS=1

BIN := bin/kring-server
CHECKED := bin/kring-server-checked
# An etcd for tests, of a module of its own (tests/etcd).
ETCD := bin/etcd
# The product's packages but internal/server, which takes as long as all others, and without the house rules, which make
# lint holds. Those that take long come first.
PACKAGES = $$($(GO) list ./store/arena ./store ./internal/server/snapshot ./command ./internal/cluster ./... | grep -v -e /internal/lint -e /internal/server\$$)
# The packages some of whose files are built with other tags only: all others are the same to vet.
TAGGED = $$(git grep -lE '^//go:build .*(race|invariants)' -- '*.go' ':!tests' | xargs -n1 dirname | sort -u | sed 's,^,./,')
# At its end, a program with the race detector waits for a second, in case that something is still found. The tests
# beside the code wait; of the servers that the differential test ends, some hundred, each waits for a part of that.
RACING := GORACE=atexit_sleep_ms=100
# How long the tests of one package may take: a machine three times slower than ours passes, too.
PATIENT := -timeout 30m
# Of the tests of internal/server, many wait most of the time: more of them at a time than there are processors.
SERVER := -parallel 8 ./internal/server
# What of the tests' module needs no server beside it.
BLACKBOX := ./internal/... ./load/... ./embed ./rdb

# Everything is built as users build the server, without C, so that all targets share what is in the build cache;
# the race detector alone needs it.
export CGO_ENABLED := 0
WITH_RACE := CGO_ENABLED=1

# Compilers, linkers and vet end before collecting garbage pays: without it they need a tenth less of the processors. One that has a
# gigabyte collects. What they build is the same, for the build cache as well, and tests know nothing of it.
TOOLS := '-toolexec=env GOGC=off GOMEMLIMIT=1GiB'
export GOFLAGS := $(shell $(GO) env GOFLAGS)
GOFLAGS += $(if $(findstring -toolexec,$(GOFLAGS)),,$(TOOLS))

export KRING_BIN ?= $(CURDIR)/$(BIN)
export KRING_ETCD ?= $(CURDIR)/$(ETCD)

.PHONY: all build checked run cluster test setup vet lint portable unit race race-server race-others compat compat-checked compat-random clients nodes etcd robust repl \
	goroutine goroutine-compat goroutine-robust window crash \
	fuzz-smoke fuzz bench bench-memory bench-churn bench-latency bench-rate bench-hitratio bench-expiry bench-collide bench-types bench-messages bench-aof bench-snapshot bench-repl bench-cluster bench-admin bench-tls bench-io bench-idle bench-lua bench-scripts embed-size profile soak screenshot docs clean

all: build

build:
	$(GO) build -o $(BIN) ./cmd/kring-server

# The server with every self-check and the race detector, for the differential test.
checked:
	$(WITH_RACE) $(GO) build -race -tags invariants -o $(CHECKED) ./cmd/kring-server

run: build
	mkdir -p run
	$(BIN) --dir run $(ARGS)

# Three at a time, as there are two cores and most of these wait for something a third of their time; their
# output comes target by target. Before them everything is built and vetted, by one command after the other: side by side they
# would build the same packages twice (with the race detector all are others anyway). What measures time runs by itself, behind them.
test:
	@set -e; for t in setup "-j2 -Otarget build checked" vet etcd "-j3 -Otarget $(BESIDE)" robust goroutine-robust; do \
		begin=$$(date +%s); echo "== $$t"; $(MAKE) --no-print-directory $$t; \
		echo "== $$t took $$(($$(date +%s) - begin)) s"; done; echo "== all passed"

# An etcd and six nodes on free ports, until Ctrl-C. ARGS='-primaries 5 -replicas 2'.
cluster: build etcd
	$(TESTS) run ./up $(ARGS)

setup:
	sh tests/setup.sh

# Once more with the tags that race has, what is built by them.
vet:
	$(GO) vet ./...
	$(TESTS) vet ./...
	$(GO) -C tests/etcd vet ./...
	$(WITH_RACE) $(GO) vet -race -tags invariants $(TAGGED)

# Form, vet, what is unused, and the house rules (internal/lint).
lint: vet
	@out=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); if [ -n "$$out" ]; then echo "gofmt wants to change:"; echo "$$out"; exit 1; fi
	@unused=$$($(TESTS) tool -n unused) && set -x && $(GO) vet -vettool=$$unused ./... && $(TESTS) vet -vettool=$$unused ./...
	$(GO) test -vet=off -count=1 ./internal/lint/...

# That everything builds for other systems, too.
portable:
	@set -e; for os in darwin windows; do set -x; \
		GOOS=$$os $(GO) vet ./...; GOOS=$$os $(GO) build ./...; \
		GOOS=$$os $(TESTS) vet ./...; GOOS=$$os $(TESTS) build ./...; set +x; done

# The tests beside the code, as users build it: what may not allocate is measured here.
unit:
	$(GO) test $(PATIENT) -vet=off $(SERVER)
	$(GO) test $(PATIENT) -vet=off $(PACKAGES)
	$(TESTS) test $(PATIENT) -vet=off $(BLACKBOX)

# The same once more, shorter, with the race detector and every self-check. One does not
# see what the other does: the arenas are no memory that the detector knows.
race: race-server race-others

race-server:
	$(WITH_RACE) $(GO) test $(PATIENT) -vet=off -race -tags invariants -short $(SERVER)

race-others:
	$(WITH_RACE) $(GO) test $(PATIENT) -vet=off -race -tags invariants -short $(PACKAGES)

compat: build
	$(TESTS) test $(PATIENT) -count=1 ./compat

compat-checked: checked
	$(RACING) KRING_BIN=$(CURDIR)/$(CHECKED) COMPAT_COMMANDS=$(RACE_COMMANDS) $(ONCE) $(TESTS) test $(PATIENT) -count=1 ./compat

compat-random: build
	COMPAT_SEED=$$(date +%s) COMPAT_COMMANDS=1000000 $(TESTS) test -count=1 -timeout 20m -run TestGenerated ./compat

clients: build
	$(TESTS) test $(PATIENT) -count=1 ./clients

# Nodes of a cluster with etcd, and what becomes of them when something fails.
nodes: build etcd
	$(TESTS) test $(PATIENT) -count=1 ./cluster

etcd:
	$(GO) -C tests/etcd build -o $(CURDIR)/$(ETCD) .

robust: build
	$(TESTS) test $(PATIENT) -count=1 ./robust

# Primaries and replicas, and redis-sentinel, which looks after them.
repl: build
	$(TESTS) test $(PATIENT) -count=1 ./repl

# The page with live charts, in a browser.
window: build
	$(TESTS) test $(PATIENT) -count=1 ./window

# The other I/O model, shorter: the differential test, a client library, robustness. (TLS
# is served by goroutines in either model.)
goroutine: goroutine-compat goroutine-robust

goroutine-compat: build
	KRING_IO_MODEL=goroutine $(GO) test $(PATIENT) -count=1 -short ./netio
	KRING_ARGS="--io-model goroutine" COMPAT_COMMANDS=5000 $(ONCE) $(TESTS) test $(PATIENT) -count=1 -skip TLS ./compat
	KRING_ARGS="--io-model goroutine" $(TESTS) test $(PATIENT) -count=1 -run TestGoRedis ./clients

goroutine-robust: build
	KRING_ARGS="--io-model goroutine" $(TESTS) test $(PATIENT) -count=1 -skip TLS ./robust

# kill -9 under load, restart, look: 25 rounds under always and under everysec.
crash: build
	$(TESTS) test $(PATIENT) -count=1 ./crash

# A moment of fuzzing of what reads bytes from outside, and of the store against its model.
# The seeds of all fuzz targets run as unit tests; make fuzz is for the rest.
fuzz-smoke:
	@set -e; for t in $(FUZZ_SMOKE); do \
		echo "$$t"; $(GO) test -vet=off -run '^$$' -fuzz "^$${t#*:}\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./$${t%:*}; done

# Every fuzz target.
fuzz:
	@set -e; for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
			echo "$$p $$f"; $(GO) test -vet=off -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$p; done; done

# Throughput and server CPU per command, against redis-server.
bench: build
	$(TESTS) run ./load/bench $(ARGS)

# Bytes per key, against redis-server. ARGS='-small 1000000': of small data, from 1,000 keys on.
bench-memory: build
	$(TESTS) run ./load/memory $(ARGS)

# A cache at its limit: values of changing sizes, against redis-server. ARGS='-seconds 600' for long.
bench-churn: build
	$(TESTS) run ./load/churn $(ARGS)

# 20M keys of growth, KEYS beside GETs, DEL of large collections beside GETs.
bench-latency: build
	$(TESTS) run ./load/latency $(ARGS)

# The data types against redis-server: bytes per element, server CPU per command.
bench-types: build
	$(TESTS) run ./load/types $(ARGS)

# One request at a time at a fixed rate, against redis-server: CPU, system calls, latency; CPU at rest.
# ARGS='-beside "bin/kring-server --reactors 1"' measures one more server.
bench-rate: build
	$(TESTS) run ./load/rate $(ARGS)

# Hit ratio of eviction at equal maxmemory, against redis-server.
bench-hitratio: build
	$(TESTS) run ./load/hitratio $(ARGS)

# How late keys expire, and what a burst of deadlines does to clients, beside redis-server.
bench-expiry: build
	$(TESTS) run ./load/expiry $(ARGS)

# Messages, transactions and GET with everything on, against redis-server.
bench-messages: build
	$(TESTS) run ./load/messages $(ARGS)

# A million keys that collide under unseeded XXH64.
bench-collide: build
	$(TESTS) run ./load/collide $(ARGS)

# The append only file: CPU, throughput under always, loading, rewriting.
bench-aof: build
	$(TESTS) run ./load/aof $(ARGS)

# Snapshots beside redis-server: BGSAVE, memory, latency, loading, sizes, DUMP and RESTORE.
bench-snapshot: build
	$(TESTS) run ./load/snapshot $(ARGS)

# Replication beside redis-server, both ends alike: CPU, lag, full copies, memory, failover. A part:
# ARGS='-parts stream'.
bench-repl: build
	$(TESTS) run ./load/repl $(ARGS)

# What being a node of a cluster costs; moving slots, against redis-cli's reshard; what nodes ask of etcd at rest.
bench-cluster: build etcd
	$(TESTS) run ./load/cluster $(ARGS)

# What looking costs: the window's and a scraper's share of the CPU, the time of /metrics.
bench-admin: build
	$(TESTS) run ./load/admin $(ARGS)

# Plain clients' p99 during a storm of TLS handshakes.
bench-tls: build
	$(TESTS) run ./load/tls $(ARGS)

# The two I/O models side by side; writes docs/IO-MODELS.md. A part: ARGS='-parts idle'.
bench-io: build
	$(TESTS) run ./load/io $(ARGS)

# 100,000 idle connections, then 1,000 of them at work; exits with 1 beyond a bound. Where a
# process may not have as many open files, in an emulated machine, which takes its time and
# needs sh tests/load/io/guest.sh once.
bench-idle: build
	$(TESTS) run ./load/io -parts idle$$([ "$$(ulimit -Hn)" = unlimited ] || [ "$$(ulimit -Hn)" -ge 100100 ] || echo ,guest) -strict $(ARGS)

# What package kring adds to the binary of a program.
embed-size:
	$(TESTS) run ./load/embedsize $(ARGS)

# The script language beside lua5.1: time of some programs.
bench-lua:
	$(TESTS) run ./load/lua $(ARGS)

# What scripts cost beside redis-server: CPU per call, memory, reactors, scripts without end.
bench-scripts: build
	$(TESTS) run ./load/scripts $(ARGS)

# CPU and allocation profiles into profiles/.
profile: build
	$(TESTS) run ./load/profile $(ARGS)

soak: build compat-random
	$(MAKE) --no-print-directory fuzz FUZZTIME=200000x
	RESTORE_DAMAGES=1000000 $(TESTS) test -v -count=1 -timeout 60m -run TestDamaged ./robust
	RDB_DAMAGES=1000000 $(GO) test -v -count=1 -timeout 60m -run TestDamaged ./persistence/rdb
	PUBSUB_STORM_MB=128 $(TESTS) test -v -count=1 -timeout 60m -run TestPubSubStorm ./robust
	KRING_ARGS='--io-model goroutine' PUBSUB_STORM_MB=128 $(TESTS) test -v -count=1 -timeout 60m -run TestPubSubStorm ./robust
	IDLE_FOR=10m $(TESTS) test -v -count=1 -timeout 60m -run TestIdleStaysSmall ./robust
	CRASH_ROUNDS=1000 $(TESTS) test -count=1 -timeout 60m ./crash
	SCRIPT_ROUNDS=300000 $(GO) test -count=1 -timeout 60m -run TestScriptIsolation ./internal/server
	CUT_BYTES=65536 $(GO) test -count=1 -timeout 60m ./internal/server
	COMPAT_SEED=$$(date +%s) COMPAT_REPLAYS=100 COMPAT_RESTARTS=5000 $(TESTS) test -count=1 -timeout 40m -run 'TestReplay|TestRestart' ./compat
	SENTINEL_FAILOVERS=200 $(TESTS) test -count=1 -timeout 60m -run TestSentinel ./repl
	CLUSTER_UPSET=1 $(TESTS) test -count=1 -timeout 10m -run TestClusterUpset ./clients
	STORM_SECONDS=120 $(TESTS) test -count=1 -timeout 60m -run TestStorm ./repl
	COMPAT_SEED=$$(date +%s) COMPAT_LIBRARIES=300000 $(TESTS) test -count=1 -timeout 60m -run TestLibraries ./compat
	COMPAT_SEED=$$(date +%s) COMPAT_CUTS=300 $(TESTS) test -count=1 -timeout 60m -run TestFollowCut ./compat
	$(TESTS) run ./load/soak -time $(SOAKTIME) $(ARGS)

# The pictures of the window in docs, after five minutes of traffic.
screenshot: build
	$(TESTS) run ./load/screenshot $(ARGS)

# What is generated from the tables.
docs: build
	$(BIN) --options-markdown > docs/OPTIONS.md
	$(BIN) --commands-markdown > docs/COMPATIBILITY.md

clean:
	rm -rf bin profiles
