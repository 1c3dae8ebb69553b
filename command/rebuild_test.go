package command

import (
	"fmt"
	"strings"
	"testing"
)

// rebuilt returns the commands that a rewrite holds of key.
func (r *rig) rebuilt(key string) [][]string {
	r.t.Helper()
	var b Rebuild
	k := r.st.MakeKey([]byte(key))
	r.st.Lock(k.Shard)
	b.Entry(r.st.FindRaw(0, k))
	r.st.Unlock(k.Shard)
	return parseCommands(r.t, b.Out)
}

// rebuildInto runs in b what a rewrite holds of key.
func (r *rig) rebuildInto(b *rig, key string) {
	r.t.Helper()
	b.play(r.rebuilt(key))
}

// play runs calls, none of which may fail.
func (r *rig) play(calls [][]string) {
	r.t.Helper()
	for _, call := range calls {
		if reply := r.run(call...); reply[0] == '-' {
			r.t.Fatalf("%q: %s", call, reply)
		}
	}
}

// parseCommands reads encoded commands.
func parseCommands(t testing.TB, b []byte) (out [][]string) {
	t.Helper()
	rest := string(b)
	line := func() (n int) {
		s, after, _ := strings.Cut(rest, "\r\n")
		rest = after
		if _, err := fmt.Sscan(s[1:], &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for rest != "" {
		args := make([]string, line())
		for i := range args {
			n := line()
			args[i], rest = rest[:n], rest[n+2:]
		}
		out = append(out, args)
	}
	return out
}
