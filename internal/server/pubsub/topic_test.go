package pubsub

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kringdb/kring/internal/glob"
)

// TestPatternIndex: the index finds exactly the patterns that a look at all of them finds,
// while they come and go.
func TestPatternIndex(t *testing.T) {
	pieces := []string{"", "a", "ab", "news.", "*", "?", "[ab]", `\*`, "b*", "é"}
	rnd := rand.New(rand.NewPCG(1, 2))
	word := func(n int) (s string) {
		for range rnd.IntN(n) {
			s += pieces[rnd.IntN(len(pieces))]
		}
		return s
	}
	var x patternIndex[*ear]
	all := map[string]*Topic[*ear]{}
	for i := range 30_000 {
		name := word(4)
		if i%4 > 0 {
			name = fmt.Sprint("a*", rnd.IntN(2*indexHearers)) // many with one prefix
		}
		if tp := all[name]; tp != nil {
			x.remove(tp)
			delete(all, name)
		} else {
			tp = &Topic[*ear]{name: name}
			all[name] = tp
			x.add(tp)
		}
		if i%200 > 0 {
			continue
		}
		channel := []byte(word(5))
		var got, want []string
		x.each(all, channel, func(tp *Topic[*ear]) { got = append(got, tp.name) })
		for name := range all {
			if glob.Match([]byte(name), channel, false) {
				want = append(want, name)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("channel %q: %q, want %q", channel, got, want)
		}
	}
	for _, tp := range all {
		x.remove(tp)
	}
	if len(x.byPrefix) != 0 || len(x.lengths.list) != 0 || len(x.simple.list) != 0 {
		t.Errorf("an empty index has %d buckets, lengths %v, %v", len(x.byPrefix), x.lengths, x.simple)
	}
}

func TestHearers(t *testing.T) {
	var h hearers[*ear]
	in := map[*ear]bool{}
	all := make([]ear, 2*indexHearers)
	for i := range indexHearers + indexHearers/2 {
		h.add(&all[i])
		in[&all[i]] = true
	}
	rnd := rand.New(rand.NewPCG(3, 4))
	for step := range 20_000 {
		s := &all[rnd.IntN(len(all))]
		if in[s] {
			h.remove(s)
			delete(in, s)
		} else {
			h.add(s)
			in[s] = true
		}
		if len(h.list) != len(in) {
			t.Fatalf("%d hearers, want %d", len(h.list), len(in))
		}
		for i, s := range h.list {
			if step%200 > 0 {
				break
			}
			if at, ok := h.at[s]; !in[s] || h.at != nil && (!ok || int(at) != i) {
				t.Fatalf("step %d: the hearer at %d is not at home", step, i)
			}
		}
	}
	for s := range in {
		h.remove(s)
	}
	if h.list != nil || h.at != nil {
		t.Error("something is left")
	}
}
