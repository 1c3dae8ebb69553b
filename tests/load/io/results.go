//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/kringdb/kring/tests/load/internal/kit"
)

// results are all figures of the document. A part that is run replaces its own.
type results struct {
	Machine machine
	Load    []loadRow  `json:",omitempty"`
	Calls   []callRow  `json:",omitempty"`
	Idle    []idleRow  `json:",omitempty"`
	Nodes   []nodeRow  `json:",omitempty"`
	Go      []benchRow `json:",omitempty"`
}

// machine is what figures depend on.
type machine struct {
	CPU, Kernel, Go, Date, Commit string
	Processors                    int
	OpenFiles                     int // the most that one process may have
}

func describe() (m machine) {
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		m.Kernel = "Linux " + unix.ByteSliceToString(u.Release[:])
	}
	m.CPU, m.Processors, m.Go = kit.Processor(), runtime.NumCPU(), runtime.Version()
	m.Date = time.Now().UTC().Format("2006-01-02 15:04 UTC")
	if out, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output(); err == nil {
		m.Commit = strings.TrimSpace(string(out))
	}
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &lim) == nil {
		m.OpenFiles = int(min(lim.Max, 1<<40))
	}
	return m
}

// loadRow is one mix under one model.
type loadRow struct {
	Model              string
	Op                 string
	Value, Pipeline    int // bytes; commands
	Clients            int
	PerSecond          float64
	CPUMicros, User    float64 // per command
	P50, P99, P999     float64 // ms
	Switches           float64 // voluntary context switches per command
	Threads            int
	RSSBytes           int64
	Requests, Measured int
}

// callRow is how often one command makes each system call.
type callRow struct {
	Model    string
	Pipeline int
	Total    float64
	ByName   map[string]float64
}

// idleRow is one number of connections under one model.
type idleRow struct {
	Model            string
	Guest            bool
	Connections      int
	RSSBytes, Anon   int64
	HeapBytes        int64   // live and dead objects of the Go heap
	PerConnection    float64 // growth of Anon since the step before, by connection
	Threads          int
	Reactors         int
	ConnectSeconds   float64
	Active           int // connections at work in what follows
	PerSecond        float64
	CPUMicros        float64
	P50, P99, P999   float64 // ms
	AnonAfter        int64   // when the active ones have rested again
	ActiveSeconds    float64
	IdleCPUPerMinute float64 // seconds of CPU that the idle server takes in a minute
}

// nodeRow is the server with another node size of the ring.
type nodeRow struct {
	Node      int  // bytes
	Pooled    bool // false: nodes are made anew each time
	Mix       string
	PerSecond float64
	CPUMicros float64
	BusyBytes float64 // memory of a connection with a piece of a command in its ring
}

// benchRow is one line of go test -bench.
type benchRow struct {
	Package, Name string
	Values        map[string]float64 // by unit
}

func load(path string) (r results, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(b, &r)
}

func (r *results) save(path string) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", " ")
	if err := enc.Encode(r); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}
