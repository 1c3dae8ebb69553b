package store

import "testing"

// TestSetLike makes keys of names that equal the key before or differ from it in one place.
func TestSetLike(t *testing.T) {
	s := &open(t, Options{}).grid
	for _, last := range []string{"a", "list", "key:000000000001", "a name that is longer than thirty-two bytes"} {
		lastKey := s.MakeKey([]byte(last))
		names := []string{"", last, last + "x", last[1:], "x" + last[1:]}
		for i := range last {
			other := []byte(last)
			other[i] ^= 1
			names = append(names, string(other))
		}
		for _, name := range names {
			var got Key
			own := []byte(name)
			if like := got.SetLike(&lastKey, own); like != (name == last) {
				t.Errorf("%q after %q: %v", name, last, like)
			} else if like && (got.Hash != lastKey.Hash || got.Shard != lastKey.Shard || &got.Name[0] != &own[0]) {
				t.Errorf("%q: %+v after %+v", name, got, lastKey)
			}
		}
	}
}
