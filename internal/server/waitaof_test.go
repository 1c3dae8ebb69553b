package server

import "testing"

// TestWaitAOF: who asks is told of a sync when there was one, under each policy, also within a
// pipeline and a transaction, and by whoever the write was made.
func TestWaitAOF(t *testing.T) {
	for _, policy := range []string{"always", "everysec"} {
		t.Run(policy, func(t *testing.T) {
			s, _ := runAOF(t, t.TempDir(), "appendfsync", policy)
			c := dial(t, s)
			c.want("[1 0]", "WAITAOF", "1", "0", "0") // it has written nothing
			for range 2 {
				c.want("OK", "SET", "a", "1")
				c.want("[1 0]", "WAITAOF", "1", "0", "0")
				if a := s.Journal.AOF.Load(); a.Durable() < s.Journal.Log.End() {
					t.Fatal("nothing is synced up to the write")
				}
			}
			c.send(encode("SET", "a", "2") + encode("WAITAOF", "1", "0", "0") + encode("GET", "a"))
			for _, want := range []string{"OK", "[1 0]", "2"} {
				c.gets(want)
			}
			c.send(encode("MULTI") + encode("WAITAOF", "1", "0", "0") + encode("KEYS", "*") + encode("EXEC"))
			for _, want := range []string{"OK", "QUEUED", "QUEUED", "[[1 0] [a]]"} {
				c.gets(want)
			}
			c.want("[1 0]", "WAITAOF", "0", "1", "1") // no replica comes
		})
	}
}

// TestWaitAOFWithoutSync: while nothing is synced it waits, and says so at its end; it ends, too,
// when the AOF is switched off.
func TestWaitAOFWithoutSync(t *testing.T) {
	const off = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."
	s, _ := runAOF(t, t.TempDir(), "appendfsync", "no")
	c, other := dial(t, s), dial(t, s)
	id := c.do("CLIENT", "ID")
	c.want("OK", "SET", "a", "1")
	c.want("[0 0]", "WAITAOF", "1", "0", "1")
	c.want("[0 0]", "WAITAOF", "0", "0", "0")
	c.block(s, 1, "WAITAOF", "1", "0", "0")
	other.want("1", "CLIENT", "UNBLOCK", id, "TIMEOUT")
	c.gets("[0 0]")
	c.block(s, 1, "WAITAOF", "1", "0", "0")
	other.want("OK", "CONFIG", "SET", "appendonly", "no")
	c.gets(off)
	c.want(off, "WAITAOF", "1", "0", "0")
	c.want("[0 0]", "WAITAOF", "0", "0", "0")
	c.want("ERR value is out of range, value must between 0 and 1", "WAITAOF", "2", "0", "0")
	c.want("ERR value is out of range, must be positive", "WAITAOF", "0", "-1", "0")
	c.want("ERR timeout is not an integer or out of range", "WAITAOF", "0", "0", "x")
}
