package main

import (
	"fmt"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// shape is one row of the memory table.
type shape struct {
	name  string
	fill  filler
	bound float64 // bytes per element
}

var shapes = []shape{
	{"hash, field and value of 16", fillHash, 52},
	{"sorted set, members of 16", fillZSet, 72},
	{"set, members of 16", fillSet, 34},
	{"list, elements of 16", fillList, 20},
	{"small hash of five fields", fillSmall, 120},
}

// goHeapBoundBytes is what may be live on the Go heap with everything loaded.
const goHeapBoundBytes = 64 << 20

func runMemory(s *kit.Servers, o options) (missed int, err error) {
	fmt.Printf("resident bytes per element, %d elements\n\n%-28s %8s %8s %7s\n", o.elements, "", "redis", "kring", "bound")
	for _, sh := range shapes {
		var per [2]float64
		for i, start := range []func(...string) (*harness.Server, error){s.Redis, s.Kring} {
			srv, err := start()
			if err != nil {
				return 0, err
			}
			if per[i], err = growth(srv, sh.fill, o.elements); err != nil {
				return 0, fmt.Errorf("%s on %s: %w", sh.name, srv.Name, err)
			}
			s.End()
		}
		ok := per[1] <= sh.bound
		if !ok {
			missed++
		}
		fmt.Printf("%-28s %8.1f %8.1f %7.0f  %s\n", sh.name, per[0], per[1], sh.bound, kit.Verdict(ok))
	}
	return missed, heap(s, o, &missed)
}

// growth is the growth of the resident set per element.
func growth(srv *harness.Server, fill filler, n int) (float64, error) {
	before, err := srv.RSS()
	if err != nil {
		return 0, err
	}
	if err := fill(srv, n); err != nil {
		return 0, err
	}
	after, err := srv.RSS()
	return float64(after-before) / float64(n), err
}

// heap loads everything into one server and looks at its Go heap.
func heap(s *kit.Servers, o options, missed *int) error {
	srv, err := s.Kring()
	if err != nil {
		return err
	}
	for _, sh := range shapes {
		if err := sh.fill(srv, o.elements); err != nil {
			return fmt.Errorf("%s: %w", sh.name, err)
		}
	}
	// Objects, dead ones included: the live bytes are known only after a collection.
	live, found := kit.Number(srv, "go_heap_objects_bytes")
	ok := found && live < goHeapBoundBytes
	if !ok {
		*missed++
	}
	fmt.Printf("\nGo heap with all of it: %.1f MB (bound %d MB)  %s\n\n", live/(1<<20), goHeapBoundBytes>>20, kit.Verdict(ok))
	return nil
}
