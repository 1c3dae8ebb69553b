//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// nodeVariant is a server with other nodes in its rings.
type nodeVariant struct {
	kb             int
	pooled         bool
	file, old, new string // what is replaced in the source
}

func nodeVariants() []nodeVariant {
	var all []nodeVariant
	for _, kb := range []int{4, 8, 16, 32, 64} {
		all = append(all, nodeVariant{kb, true, "netio/limits.go", "NodeBytes = 16 << 10", fmt.Sprintf("NodeBytes = %d << 10", kb)})
	}
	return append(all, nodeVariant{16, false, "netio/node.go", "n = nodePool.Get().(*node)", "n = &node{buf: make([]byte, NodeBytes)}"})
}

// runNodes measures the reactor model with nodes of each size, and without a pool of them:
// pipelines of small commands, large values, and what a connection keeps that has sent
// half a command.
func runNodes(s *kit.Servers, o options) ([]nodeRow, error) {
	var bins []string
	dir, err := os.MkdirTemp("", "kring-nodes-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	variants := nodeVariants()
	for i, v := range variants {
		sub := filepath.Join(dir, fmt.Sprint(i))
		if err := os.Mkdir(sub, 0o700); err != nil {
			return nil, err
		}
		bin, err := buildWith(sub, v.file, v.old, v.new)
		if err != nil {
			return nil, err
		}
		bins = append(bins, bin)
	}
	mixes := []mix{
		{"SET", smallValueBytes, 64, 800_000, smallClients, smallKeys},
		{"GET", largeValueBytes, 1, 8_000, largeClients, largeKeys},
		{"SET", largeValueBytes, 1, 8_000, largeClients, largeKeys},
	}
	var rows []nodeRow
	for _, m := range mixes {
		samples := make([][]loadRow, len(bins))
		for range o.rounds {
			for i, bin := range bins {
				row, err := m.onFresh(bin, o)
				if err != nil {
					return nil, err
				}
				samples[i] = append(samples[i], row)
			}
		}
		for i, of := range samples {
			r := medians(of)
			rows = append(rows, nodeRow{Node: variants[i].kb << 10, Pooled: variants[i].pooled,
				Mix: fmt.Sprintf("%s of %s, pipeline %d", m.op, size(m.value), m.pipeline), PerSecond: r.PerSecond, CPUMicros: r.CPUMicros})
		}
	}
	for i, bin := range bins {
		bytes, err := busyBytes(bin)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "nodes of %d KB, pooled %v: %.0f bytes per busy connection\n", variants[i].kb, variants[i].pooled, bytes)
		for j := i; j < len(rows); j += len(variants) {
			rows[j].BusyBytes = bytes
		}
	}
	return rows, nil
}

// onFresh runs a mix on a server of its own.
func (m mix) onFresh(bin string, o options) (loadRow, error) {
	srv, err := harness.Launch(harness.Config{Bin: bin})
	if err != nil {
		return loadRow{}, err
	}
	defer func() { _ = srv.Kill() }()
	if err := m.fill(srv); err != nil {
		return loadRow{}, err
	}
	return m.measure(srv, o)
}

// busyBytes is what a connection takes of the Go heap, beyond an idle one, whose ring holds
// a piece of a command. (The resident set shows less as long as a node is new: pages that
// nobody has written to yet do not count.)
func busyBytes(bin string) (float64, error) {
	srv, err := harness.Launch(harness.Config{Bin: bin})
	if err != nil {
		return 0, err
	}
	defer func() { _ = srv.Kill() }()
	crowd := newCrowd(srv.Port)
	defer crowd.close()
	if err := crowd.grow(busyConnections); err != nil {
		return 0, err
	}
	time.Sleep(settleTime)
	before, _ := kit.Number(srv, "go_heap_objects_bytes")
	if err := crowd.send([]byte("*2\r\n$3\r\nGET\r\n$3\r\nke")); err != nil {
		return 0, err
	}
	time.Sleep(settleTime)
	after, ok := kit.Number(srv, "go_heap_objects_bytes")
	if !ok {
		return 0, errors.New("the server does not tell the size of its Go heap")
	}
	return (after - before) / busyConnections, nil
}

// size prints a number of bytes.
func size(n int) string {
	if n >= 1<<10 && n%(1<<10) == 0 {
		return fmt.Sprintf("%d KB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
