//go:build linux

package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/kringdb/kring/tests/load/internal/kit"
)

// callGroups are the system calls that are counted by name, as they share a column; all
// together are counted too.
var callGroups = [][]string{{"read", "readv", "recvfrom"}, {"write", "writev", "sendto"}, {"epoll_wait", "epoll_pwait"}, {"epoll_ctl"}, {"futex"}, {"sched_yield"}, {"nanosleep"}}

// runCalls counts the system calls of short runs. The kernel counts, so unlike under
// strace batches form as they do without being watched.
func runCalls(s *kit.Servers, o options) ([]callRow, error) {
	if err := kit.CanCountCalls(); err != nil {
		return nil, fmt.Errorf("%w: the part calls is left out", err)
	}
	servers, err := launch(s, o.models)
	if err != nil {
		return nil, err
	}
	defer s.End()
	var rows []callRow
	for _, m := range mixes() {
		if m.value != smallValueBytes || m.op != "GET" {
			continue
		}
		for i, srv := range servers {
			if err := m.fill(srv); err != nil {
				return nil, err
			}
			counts, err := kit.CountCalls(srv, slices.Concat(callGroups...), func() error {
				_, err := kit.Bench(srv, m.requests, m.args()...)
				return err
			})
			if err != nil {
				return nil, err
			}
			row := callRow{Model: o.models[i].name, Pipeline: m.pipeline, ByName: map[string]float64{}}
			for name, n := range counts {
				per := float64(n) / float64(m.requests)
				if name == "" {
					row.Total = per
				} else {
					row.ByName[name] = per
				}
			}
			rows = append(rows, row)
			fmt.Fprintf(os.Stderr, "%-10s pipeline %d: %.3f system calls per command\n", row.Model, row.Pipeline, row.Total)
		}
	}
	return rows, nil
}
