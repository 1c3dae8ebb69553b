package command

import (
	"fmt"
	"strings"
	"testing"
)

// TestHLLChanges: what the HyperLogLog commands report, to observers and to the journal.
func TestHLLChanges(t *testing.T) {
	r := newRig(t)
	r.wantEvents("pfadd p", 1, "new p", "pfadd p")
	r.wantEvents("pfadd p", 0)
	r.wantEvents("pfadd p a b c", 3, "pfadd p")
	r.wantEvents("pfadd p a b c", 0)
	r.wantEvents("pfcount p", 1) // the estimate is kept in the value
	r.wantEvents("pfcount p", 0)
	r.wantEvents("pfcount p nokey", 0)
	r.wantEvents("pfmerge q p", 1, "new q", "pfadd q")
	r.wantEvents("pfmerge q p", 1, "pfadd q")
	r.wantEvents("pfdebug todense q", 1)
	r.wantEvents("pfadd q a", 0)
	r.wantEvents("pfadd q d e", 2, "pfadd q")
	r.want("pfcount q", "5")
	r.want("pfcount p q nokey", "5")
	r.want("pfselftest", "OK")
	if err := r.st.CheckInvariants(); err != nil {
		t.Error(err)
	}
}

// TestHLLBecomesDense walks a value over the limit of its sparse form.
func TestHLLBecomesDense(t *testing.T) {
	r := newRig(t)
	limits := DefaultLimits()
	limits.HLLSparseBytes = 200
	r.c.Limits = &limits
	seen := map[string]int{}
	for i := range 300 {
		r.do(fmt.Sprint("pfadd p element", i))
		enc := show(r.do("pfdebug encoding p"))
		seen[enc]++
		if n := show(r.do("strlen p")); enc == "dense" && n != "12304" {
			t.Fatalf("dense of %s bytes", n)
		}
	}
	if seen["sparse"] < 20 || seen["dense"] < 20 {
		t.Errorf("%v", seen)
	}
}

func TestHLLAllocs(t *testing.T) {
	r := newRig(t)
	for i := range 40 {
		r.do(fmt.Sprint("pfadd sparse element", i))
		r.do(fmt.Sprint("pfadd dense element", i))
	}
	r.do("pfdebug todense dense")
	for _, line := range []string{
		"pfadd sparse element1", "pfadd dense element1", "pfcount sparse", "pfcount dense", "pfcount sparse dense",
		"pfmerge dense sparse dense", "pfmerge sparse",
	} {
		if n := r.allocs(strings.Fields(line)...); n != 0 {
			t.Errorf("%s: %v allocations", line, n)
		}
	}
}
