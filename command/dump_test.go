package command

import "testing"

// TestLength: a value's length is that of its payload without what stands around it, also of one that is counted in parts.
func TestLength(t *testing.T) {
	r := newRig(t)
	keys := r.fillLarge(5_000)
	r.run("SET", "int", "12")
	r.run("SET", "text", "some text")
	r.run("SADD", "ints", "1", "2", "300")
	r.run("RPUSH", "short", "a", "b")
	for _, key := range append(keys, "int", "text", "ints", "short") {
		k := r.st.MakeKey([]byte(key))
		r.st.Lock(k.Shard)
		e := r.st.FindRaw(0, k)
		m := imagesOf(&r.c)
		payload, err := m.payload(e)
		want := int64(len(payload)) - 1 - 2 - 8 // type, version and checksum
		length, failed := m.length(e)
		r.st.Unlock(k.Shard)
		if err != nil || failed != nil || length != want {
			t.Errorf("%s: %d bytes, %v; its payload has %d, %v", key, length, failed, want, err)
		}
	}
}
