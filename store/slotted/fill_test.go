package slotted

import "testing"

// TestFill: a table that was filled has what was put into it, and once it fits takes no more memory than another one.
func TestFill(t *testing.T) {
	for _, mode := range []Mode{Keys, Words, Values} {
		for _, n := range []uint64{1, 20, 1000, 50_000} {
			filled, other := newRig(t, mode), newRig(t, mode)
			var buf [16]byte
			val := func(k uint64) []byte {
				switch mode {
				case Words:
					return []byte{byte(k), 1, 2, 3, 4, 5, 6, 7}
				case Values:
					return make([]byte, k%100)
				}
				return nil
			}
			for k := range n {
				key := key16(&buf, k)
				filled.Fill(filled.ar, Hash(key), key, val(k), 0)
				other.Insert(other.ar, key, val(k))
				if k%5000 == 0 {
					filled.check(t)
				}
			}
			filled.check(t)
			filled.Fit(filled.ar)
			filled.check(t)
			// With its room a table that is being filled may just be large enough for twice the directory; and few pages
			// may happen to be in size classes with more waste, by the seed of the hash.
			share := int64(105)
			if n <= 1000 {
				share = 120
			}
			got, want := filled.Bytes()-int64(dirBytes(filled.g())), other.Bytes()-int64(dirBytes(other.g()))
			if got > want*share/100+512 || filled.g() > other.g()+1 {
				t.Errorf("mode %d: %d records take %d bytes, want %d; the directories have %d and %d bits", mode, n, got, want, filled.g(), other.g())
			}
			for k := range n {
				r := filled.Find(key16(&buf, k))
				if r == 0 {
					t.Fatalf("mode %d: record %d of %d is not there", mode, k, n)
				}
				if mode == Values && string(r.Value()) != string(val(k)) {
					t.Fatalf("record %d has %q", k, r.Value())
				}
			}
			if filled.Len() != int(n) {
				t.Errorf("%d records, want %d", filled.Len(), n)
			}
		}
	}
}
