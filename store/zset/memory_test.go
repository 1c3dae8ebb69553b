package zset

import (
	"fmt"
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// TestEvenScores: scores that come evenly fill all leaves alike. If these were of one size
// at any time, they would leave one size class of the arena after the other half empty: cut
// in halves, 1.19 times what is in use is held here, and 1.13 if cut unevenly.
func TestEvenScores(t *testing.T) {
	ar := arena.New()
	defer ar.Release()
	e := newFull(ar)
	const n = 300_000
	sum, samples := 0.0, 0
	for i := range n {
		score := float64(uint64(i) * 2_654_435_761 % n)
		e, _, _ = Add(ar, e, fmt.Appendf(nil, "mem:%012d", i), score, 0, Limits{})
		if i >= n/3 && i%(n/30) == 0 {
			sum += float64(ar.Pages()) / float64(ar.Used())
			samples++
		}
	}
	if held := sum / float64(samples); held > 1.16 {
		t.Errorf("the arena holds %.3f times what is in use", held)
	}
}
