package store

import (
	"fmt"
	"testing"

	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/hash"
	"github.com/kringdb/kring/store/slotted"
)

// TestTouchMember: look-ahead finds the root of a table, and survives rubbish.
func TestTouchMember(t *testing.T) {
	s, err := Open(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	lim := hash.Limits{Entries: 4, ValueBytes: 64}
	for _, n := range []int{0, 3, 3000} {
		k := s.MakeKey(fmt.Appendf(nil, "key of %d", n))
		s.Lock(k.Shard)
		if n > 0 {
			e := s.Put(0, k, entry.Hash, entry.Listpack, hash.EmptyBytes, 0)
			hash.Init(e)
			for i := range n {
				ar := s.Edit(0, k)
				ne, _ := hash.Set(ar, e, &lim, fmt.Append(nil, i), []byte("value"), 0)
				e = s.Settle(0, k, e, ne)
			}
		}
		s.Unlock(k.Shard)
		var at, again, none MemberPlace
		s.TouchMember(0, &k, []byte("17"), &at, &none)
		if (at.root != 0) != (n > lim.Entries) {
			t.Errorf("%d fields: root at %#x", n, at.root)
		}
		at.TouchMemberPage()
		at.TouchMemberRecord()
		s.TouchMember(0, &k, []byte("17"), &again, &at)
		if again.root != at.root {
			t.Errorf("%d fields: root at %#x, then at %#x", n, at.root, again.root)
		}
		if at.root == 0 {
			continue
		}
		s.Lock(k.Shard)
		if slotted.At(s.FindRaw(0, k).Payload()).Find([]byte("17")) == 0 {
			t.Error("the member is not there")
		}
		s.Delete(0, k)
		s.Unlock(k.Shard)
		at.TouchMemberPage()
		at.TouchMemberRecord()
		s.TouchMember(0, &k, []byte("17"), &again, &at)
		s.TouchMember(0, &k, []byte("17"), &again, &none)
	}
}
