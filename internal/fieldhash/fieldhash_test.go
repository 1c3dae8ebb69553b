package fieldhash

import (
	"encoding/binary"
	"fmt"
	"testing"
)

// TestOf: a field's hash is that of its words, and fields that differ only in their length have different ones.
func TestOf(t *testing.T) {
	s := New()
	text := []byte("abcdefghijklmnopq")
	zeros := make([]byte, len(text))
	seen := map[uint64]int{}
	for n := range len(text) + 1 {
		if n <= Short {
			var words [Short]byte
			copy(words[:], text[:n])
			want := s.Words(binary.LittleEndian.Uint64(words[:]), binary.LittleEndian.Uint64(words[8:]), n)
			if got := s.Of(text[:n]); got != want {
				t.Errorf("%d bytes: %x, by words %x", n, got, want)
			}
		}
		h := s.Of(zeros[:n])
		if m, there := seen[h]; there {
			t.Errorf("%d and %d zeros have the same hash", m, n)
		}
		seen[h] = n
	}
}

// TestEverySeed: whatever the seed, fields that people choose collide in a table of which they fill a fifth as often as
// by chance. A hundred in 512 places would 10 times on average, and once in a thousand seeds more than 21 times.
func TestEverySeed(t *testing.T) {
	const fields, places, seeds = 100, 512, 3000
	for _, format := range []string{"%d", "f%d", "field%d", "field%04d", "user:%d", "a-long-name:%d", "%d-behind", "%08d", "%016d"} {
		most, sum := 0, 0
		for range seeds {
			s := New()
			var table [places]bool
			collisions := 0
			for i := range fields {
				at := s.Of(fmt.Appendf(nil, format, i)) % places
				if table[at] {
					collisions++
				}
				table[at] = true
			}
			most = max(most, collisions)
			sum += collisions
		}
		if most > 40 || sum > 11*seeds {
			t.Errorf("fields like %s collide %.1f times on average, and %d times with the worst of %d seeds", format, float64(sum)/seeds, most, seeds)
		}
	}
}
