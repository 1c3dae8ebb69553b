package lua

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// TestCorpus compares hand-written programs with lua5.1.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob("testdata/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatalf("no programs: %v", err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, transient := range []bool{false, true} {
			compareWithOracle(t, filepath.Base(f), string(text), transient)
		}
	}
}

// seedOf returns LUA_SEED, or a new one where there is none: LUA_SEED=random.
func seedOf(t *testing.T) uint64 {
	switch s := os.Getenv("LUA_SEED"); s {
	case "":
		return 20261129
	case "random":
		seed := uint64(time.Now().UnixNano())
		t.Logf("LUA_SEED=%d", seed)
		return seed
	default:
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return seed
	}
}

// TestGenerated compares random programs with lua5.1: what they print and their errors.
func TestGenerated(t *testing.T) {
	seed, batches := seedOf(t), uint64(10)
	if testing.Short() {
		batches = 1
	}
	for i := range batches {
		compareWithOracle(t, "seed "+strconv.FormatUint(seed+i, 10), batch(seed+i, 300, false), i%2 == 0)
	}
}

// TestBroken does so with programs that mostly do not compile.
func TestBroken(t *testing.T) {
	seed, batches := seedOf(t), uint64(4)
	if testing.Short() {
		batches = 1
	}
	for i := range batches {
		compareWithOracle(t, "broken, seed "+strconv.FormatUint(seed+i, 10), batch(seed+i, 500, true), i%2 == 0)
	}
}
