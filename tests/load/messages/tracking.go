package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	trackedKeys  = 1_000_000
	trackedBatch = 256
)

// trackingMemory compares the growth of the resident set when one client reads a million
// keys with client-side caching on.
func trackingMemory(s *kit.Servers) (missed int, err error) {
	var per [2]float64
	for i, start := range []func(...string) (*harness.Server, error){s.Redis, s.Kring} {
		srv, err := start("--tracking-table-max-keys", fmt.Sprint(2*trackedKeys))
		if err != nil {
			return 0, err
		}
		if per[i], err = trackAll(srv); err != nil {
			return 0, fmt.Errorf("%s: %w", srv.Name, err)
		}
		s.End()
	}
	ok := per[1] <= per[0]
	if !ok {
		missed = 1
	}
	fmt.Printf("\nresident bytes per tracked key, %d keys: redis %.1f, kring %.1f  %s\n", trackedKeys, per[0], per[1], kit.Verdict(ok))
	return missed, nil
}

func trackAll(srv *harness.Server) (float64, error) {
	value := strings.Repeat("v", 16)
	if err := kit.Fill(srv, kit.FillSpec{Keys: trackedKeys, Key: kit.BenchKey, Value: []byte(value)}); err != nil {
		return 0, err
	}
	return readTracked(srv, value)
}

// readTracked reads all keys over a connection that speaks RESP3 and tracks.
func readTracked(srv *harness.Server, value string) (float64, error) {
	c, err := srv.Dial()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for _, call := range [][]string{{"HELLO", "3"}, {"CLIENT", "TRACKING", "ON"}} {
		if v, err := c.Do(call...); err != nil || v.IsError() {
			return 0, fmt.Errorf("%v: %v, %v", call, v, err)
		}
	}
	before, err := srv.RSS()
	if err != nil {
		return 0, err
	}
	reply := len("$16\r\n") + len(value) + 2
	buf := make([]byte, reply*trackedBatch)
	var out []byte
	for i := 0; i < trackedKeys; i += trackedBatch {
		n := min(trackedBatch, trackedKeys-i)
		out = out[:0]
		for k := range n {
			out = kit.AppendCommand(out, []byte("GET"), kit.BenchKey(nil, i+k))
		}
		if err := c.Write(out); err != nil {
			return 0, err
		}
		if _, err := io.ReadFull(c.Reader(), buf[:n*reply]); err != nil {
			return 0, err
		}
	}
	after, err := srv.RSS()
	return float64(after-before) / trackedKeys, err
}
