package slotted

import (
	"fmt"
	"testing"
)

// TestDrainInHashOrder empties a table as a client does that scans and removes: what is
// left stands in one corner, and Random and the walk still find it quickly.
func TestDrainInHashOrder(t *testing.T) {
	n := 100000
	if testing.Short() {
		n = 20000
	}
	r := benchTestTable(t, n)
	full := r.Bytes()
	pos, left := uint64(0), n
	var batch []string
	for left > 20 {
		batch = batch[:0]
		pos, _ = r.Walk(pos, 10, func(ref Ref) { batch = append(batch, string(ref.Key())) })
		for _, k := range batch {
			if left > 20 && !r.Delete(r.ar, []byte(k)) {
				t.Fatalf("%q is not there", k)
			}
			left--
		}
		if left%10000 < 10 {
			r.check(t)
		}
	}
	r.check(t)
	if r.Bytes() > full/20 {
		t.Errorf("%d bytes for %d records, %d before", r.Bytes(), r.Len(), full)
	}
	seen := map[string]bool{}
	for x := range uint64(2000) {
		seen[string(r.Random(x).Key())] = true
	}
	if len(seen) != r.Len() {
		t.Errorf("Random gave %d of %d", len(seen), r.Len())
	}
}

// TestMemoryPerElement holds what a large set costs beyond its members.
func TestMemoryPerElement(t *testing.T) {
	sizes := []int{1000, 45000, 30000, 60000, 100000}
	if testing.Short() {
		sizes = sizes[:2]
	}
	for _, n := range sizes {
		r := benchTestTable(t, n)
		if per := float64(r.Bytes())/float64(n) - 16; per > 8 {
			t.Errorf("%d records: %.1f bytes each beyond 16", n, per)
		}
		// So does what stays behind in half-empty pages of the arena.
		if held := float64(r.ar.Pages())/float64(n) - 16; n >= 45000 && held > 14 {
			t.Errorf("%d records: the arena holds %.1f bytes each beyond 16", n, held)
		}
		// Deleting at random gives memory back.
		for i := range n {
			if i%8 != 0 {
				r.Delete(r.ar, fmt.Appendf(nil, "member:%09d", i))
			}
		}
		r.check(t)
		if per := float64(r.Bytes())/float64(r.Len()) - 16; per > 20 {
			t.Errorf("%d of %d records left: %.1f bytes each beyond 16", r.Len(), n, per)
		}
	}
}

func benchTestTable(t *testing.T, n int) *rig {
	r := newRig(t, Keys)
	for i := range n {
		if !r.Add(r.ar, fmt.Appendf(nil, "member:%09d", i)) {
			t.Fatalf("%d was there", i)
		}
	}
	return r
}

// TestSamePrefix puts records into one page that cannot be parted by their hashes.
func TestSamePrefix(t *testing.T) {
	weaken(t, 1)
	r := benchTestTable(t, 1500)
	r.check(t)
	for i := range 1500 {
		if !r.Delete(r.ar, fmt.Appendf(nil, "member:%09d", i)) {
			t.Fatalf("%d is not there", i)
		}
	}
	r.check(t)
}

// TestLargeValues: up to many megabytes, in blocks of their own, changed in place and not.
func TestLargeValues(t *testing.T) {
	r := newRig(t, Values)
	key := []byte("key")
	for _, n := range []int{0, 1, 254, 255, 300, MaxInlineBytes, MaxInlineBytes + 1, 70000, 70000, 5 << 20, 3} {
		val := make([]byte, n)
		for i := range val {
			val[i] = byte(i * 7)
		}
		r.Set(r.ar, key, val, int64(n%2))
		got := r.Find(key)
		if string(got.Value()) != string(val) || got.Deadline() != int64(n%2) || r.Timed() != n%2 {
			t.Fatalf("value of %d bytes: got %d, deadline %d", n, len(got.Value()), got.Deadline())
		}
		r.check(t)
	}
	if !r.SetDeadline(r.ar, key, 5) || r.Find(key).Deadline() != 5 || !r.SetDeadline(r.ar, key, 0) || r.Timed() != 0 {
		t.Fatal("the deadline does not come and go")
	}
	r.check(t)
}
