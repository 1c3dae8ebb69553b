package command

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/kringdb/kring/store/entry"
)

// fillLarge makes a large value of each type, one of them with deadlines, and a stream that has much of everything that
// there may be in one, the deleted included, and returns their keys.
func (r *rig) fillLarge(n int) (keys []string) {
	r.run("SET", "string", strings.Repeat("0123456789", 300_000))
	for i := range n {
		name := fmt.Sprint("element", i)
		r.run("HSET", "hash", name, "value of "+name)
		r.run("HSET", "timed", name, "value of "+name)
		if i%3 == 0 {
			r.run("HPEXPIREAT", "timed", fmt.Sprint(int64(1)<<45), "FIELDS", "1", name)
		}
		r.run("SADD", "set", name)
		r.run("ZADD", "zset", fmt.Sprint(i%100), name)
		r.run("RPUSH", "list", name, fmt.Sprint(i))
		r.run("XADD", "stream", fmt.Sprint(i+1), "field", name)
		r.run("XADD", "emptied", fmt.Sprint(i+1), "field", name)
	}
	for _, s := range []string{"stream", "emptied"} {
		for i := range 3 {
			group := fmt.Sprint("group", i)
			r.run("XGROUP", "CREATE", s, group, "0")
			r.run("XREADGROUP", "GROUP", group, "alice", "COUNT", fmt.Sprint(n*i/3), "STREAMS", s, ">")
			r.run("XREADGROUP", "GROUP", group, "bob", "COUNT", fmt.Sprint(n/5), "STREAMS", s, ">")
			for j := range 200 {
				r.run("XGROUP", "CREATECONSUMER", s, group, fmt.Sprint("idle", j))
			}
		}
		for i := range n {
			if s == "emptied" || i < n/10 || i%7 == 0 {
				r.run("XDEL", s, fmt.Sprint(i+1))
			}
		}
	}
	r.run("PEXPIREAT", "zset", fmt.Sprint(int64(1)<<45))
	return []string{"string", "hash", "timed", "set", "zset", "list", "stream", "emptied"}
}

// nodesOfStream is what is shown of how a stream is cut into nodes.
var nodesOfStream = regexp.MustCompile(`"radix-tree-(keys|nodes)" \d+`)

// TestRebuildParts: a large value is rebuilt in parts, which are bounded and make up what Entry writes at once; and that makes the
// value again.
func TestRebuildParts(t *testing.T) {
	n := 9_000
	if testing.Short() { // enough for some parts of each
		n = 5_000
	}
	r, to := newRig(t), newRig(t)
	to.c.Now = r.c.Now // when a consumer was seen is not recorded
	for _, key := range r.fillLarge(n) {
		k := r.st.MakeKey([]byte(key))
		r.st.Lock(k.Shard)
		e := r.st.FindRaw(0, k)
		var whole, parts Rebuild
		whole.Entry(e)
		var got []byte
		count := 0
		for done := false; !done; count++ {
			parts.Out = parts.Out[:0]
			done = parts.Part(e, count == 0)
			if len(parts.Out) > 2*rebuildPartBytes {
				t.Errorf("%s: a part of %d bytes", key, len(parts.Out))
			}
			got = append(got, parts.Out...)
		}
		kind := e.Type()
		r.st.Unlock(k.Shard)
		if !bytes.Equal(got, whole.Out) {
			t.Fatalf("%s: %d bytes in %d parts, %d at once", key, len(got), count, len(whole.Out))
		}
		if count < max(2, len(got)/(2*rebuildPartBytes)) {
			t.Errorf("%s: %d bytes in %d parts", key, len(got), count)
		}
		calls := parseCommands(t, got)
		for _, call := range calls {
			if kind != entry.String && len(call) > 12+2*rebuildBatch {
				t.Errorf("%s: %s has %d words", key, call[0], len(call))
			}
		}
		to.play(calls)
		if kind == entry.Stream {
			if was, is := nodesOfStream.ReplaceAllString(r.streamState(key), ""), nodesOfStream.ReplaceAllString(to.streamState(key), ""); was != is {
				t.Errorf("%s: %d bytes of what is shown of it became %d", key, len(was), len(is))
			}
			continue
		}
		for _, look := range [][]string{{"DEBUG", "DIGEST-VALUE", key}, {"PEXPIRETIME", key}} {
			if was, is := r.run(look...), to.run(look...); was != is {
				t.Errorf("%s: %q became %q", key, was, is)
			}
		}
	}
}

// TestRebuildPartsOfLittle: a part is bounded also where it goes past much of which nothing is to be written: fields without deadlines, and
// entries among which none is gone.
func TestRebuildPartsOfLittle(t *testing.T) {
	const n = 3 * rebuildPartSteps * rebuildBatch
	r := newRig(t)
	for i := range n {
		r.run("HSET", "hash", fmt.Sprint(i), "v")
		r.run("XADD", "stream", fmt.Sprint(i+1), "f", "v")
	}
	r.run("HPEXPIREAT", "hash", fmt.Sprint(int64(1)<<45), "FIELDS", "1", "7")
	r.run("XGROUP", "CREATE", "stream", "group", "0")
	r.run("XREADGROUP", "GROUP", "group", "alice", "COUNT", "1", "STREAMS", "stream", ">")
	r.run("XDEL", "stream", "1")
	for _, key := range []string{"hash", "stream"} {
		k := r.st.MakeKey([]byte(key))
		r.st.Lock(k.Shard)
		e := r.st.FindRaw(0, k)
		var b Rebuild
		silent, first := 0, true
		for done := false; !done; first = false {
			b.Out = b.Out[:0]
			if done = b.Part(e, first); !done && len(b.Out) == 0 {
				silent++
			}
		}
		r.st.Unlock(k.Shard)
		if silent == 0 {
			t.Errorf("%s: what has nothing to write is one part", key)
		}
	}
}
