package command

import (
	"strings"
	"testing"
)

// TestDigest: the same data has the same digest, whatever its encoding and the order in
// which it came; other data has another one.
func TestDigest(t *testing.T) {
	value := func(limits func(l *Limits), lines ...string) string {
		r := newRig(t)
		if limits != nil {
			limits(r.c.Limits)
		}
		for _, l := range lines {
			r.do(l)
		}
		k := r.st.MakeKey([]byte("k"))
		e := r.st.Find(0, k, r.c.Now)
		if e.A == 0 {
			t.Fatal("no key after ", lines)
		}
		d := digestOfValue(e, r.c.Now)
		return string(d[:])
	}
	small := func(l *Limits) {
		*l = Limits{MaxBulkBytes: 1 << 20, ListSize: 1}
	}
	same := [][][]string{
		{{"SET k 12"}, {"SET k 1", "APPEND k 2"}},
		{{"RPUSH k a 1 c"}, {"LPUSH k c 1 a"}},
		{{"SADD k 1 2 3"}, {"SADD k 3", "SADD k 1 x 2", "SREM k x"}},
		{{"ZADD k 1 a 2 b 2.5 c"}, {"ZADD k 2.5 c 2 b 1 a"}},
		{{"HSET k a 1 b 2"}, {"HSET k b 2 a 1"}},
		{{"XADD k 1-1 a b", "XADD k 1-2 a c"}, {"XADD k 1-1 a b", "XADD k 1-2 a c"}},
	}
	seen := map[string]string{}
	for _, pair := range same {
		a, b := value(nil, pair[0]...), value(small, pair[1]...)
		if a != b {
			t.Errorf("%v and %v differ", pair[0], pair[1])
		}
		seen[a] = strings.Join(pair[0], ", ")
	}
	for _, lines := range [][]string{
		{"SET k 13"}, {"RPUSH k 1 a c"}, {"SADD k 1 2 4"}, {"ZADD k 1 a 2 b 2 c"}, {"HSET k a 2 b 1"}, {"XADD k 1-1 a b", "XADD k 1-3 a c"},
		{"SET k 12", "EXPIRE k 100"}, {"SADD k a"}, {"RPUSH k a"}, {"SET k a"},
	} {
		d := value(nil, lines...)
		if other := seen[d]; other != "" {
			t.Errorf("%v and %s have one digest", lines, other)
		}
		seen[d] = strings.Join(lines, ", ")
	}
}
