package zset

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
)

// TestBuild: whatever the order in which members come, a set that was built is as it should be, takes no more memory than one
// that was filled by Add, and can be changed.
func TestBuild(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 2, 40, 129, 5000} {
		all := make([]pair, n)
		for i := range all {
			all[i] = pair{fmt.Sprint("member", i, strings.Repeat("x", rng.IntN(40))), float64(rng.IntN(n))}
			if i%7 == 0 {
				all[i].score = math.Copysign(0, float64(i%2)-0.5)
			}
		}
		slices.SortFunc(all, func(a, b pair) int {
			if less(a, b) {
				return -1
			}
			return 1
		})
		for name, arrange := range map[string]func(p []pair) int{ // returns what is claimed
			"up":             func([]pair) int { return n },
			"down":           func(p []pair) int { slices.Reverse(p); return n },
			"any order":      func(p []pair) int { rng.Shuffle(n, func(i, j int) { p[i], p[j] = p[j], p[i] }); return n },
			"unannounced":    func([]pair) int { return 0 },
			"one astray":     func(p []pair) int { p[0], p[n/2] = p[n/2], p[0]; return n },
			"the last first": func(p []pair) int { slices.Reverse(p[n/2:]); return n },
			"a long one":     func(p []pair) int { p[n/2].member = strings.Repeat("long", 100); return n },
			"first long":     func(p []pair) int { p[0].member = strings.Repeat("long", 100); return n },
		} {
			t.Run(fmt.Sprint(name, "/", n), func(t *testing.T) {
				pairs := slices.Clone(all)
				claimed := arrange(pairs)
				build(t, pairs, claimed, rng)
			})
		}
	}
}

func build(t *testing.T, pairs []pair, claimed int, rng *rand.Rand) {
	limits := Limits{Entries: 16, ValueBytes: 64}
	ar, plain := arena.New(), arena.New()
	defer ar.Release()
	defer plain.Release()
	b := NewBuild(ar, []byte("key"), entry.Spec{}, claimed, 0, limits)
	other := entry.New(plain, []byte("key"), &entry.Spec{Type: entry.ZSet, Encoding: entry.Listpack, PayloadLen: EmptyBytes})
	Init(other)
	for i, p := range pairs {
		if !b.Add([]byte(p.member), p.score) {
			t.Fatalf("%q was there", p.member)
		}
		other, _, _ = Add(plain, other, []byte(p.member), p.score, 0, limits)
		if i%100 == 50 {
			if q := pairs[rng.IntN(i+1)]; b.Add([]byte(q.member), q.score+1) {
				t.Fatalf("%q was not there", q.member)
			}
		}
	}
	e := b.Entry()
	want := slices.Clone(pairs)
	slices.SortFunc(want, func(a, b pair) int {
		if less(a, b) {
			return -1
		}
		return 1
	})
	compare := func() {
		t.Helper()
		if err := Check(e); err != nil {
			t.Fatal(err)
		}
		i := 0
		Each(e, func(member []byte, score float64) bool {
			if i >= len(want) || string(member) != want[i].member || score != want[i].score ||
				math.Signbit(score) != math.Signbit(want[i].score) && claimed > limits.Entries { // compact sets make -0 a 0
				t.Fatalf("%q %v at %d", member, score, i)
			}
			i++
			return true
		})
		if i != len(want) {
			t.Fatalf("%d members, want %d", i, len(want))
		}
	}
	compare()
	if got, most := ar.Used(), plain.Used()*21/20+256; got > most {
		t.Errorf("%d members take %d bytes, one by one %d", len(pairs), got, plain.Used())
	}
	for range min(len(want)/2, 300) {
		i := rng.IntN(len(want))
		var gone bool
		if e, gone = Remove(ar, e, []byte(want[i].member)); !gone {
			t.Fatalf("%q is not there", want[i].member)
		}
		want = slices.Delete(want, i, i+1)
	}
	compare()
}
