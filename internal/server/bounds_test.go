package server

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// clientField is a field of the client's own line of CLIENT LIST.
func (c *testClient) clientField(name string) int64 {
	c.t.Helper()
	m := regexp.MustCompile(" " + name + `=(\d+)`).FindStringSubmatch(c.do("CLIENT", "INFO"))
	if m == nil {
		c.t.Fatal("no field ", name)
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

// TestClientBytes: what a client makes the server remember counts as its memory, for as long
// as it does.
func TestClientBytes(t *testing.T) {
	const many, few = 3000, 1200 // WATCH looks at all that is watched: not too many
	names := func(call ...string) []string {
		for i := range many {
			call = append(call, fmt.Sprintf("name-%05d", i))
		}
		return call
	}
	prefixes := []string{"CLIENT", "TRACKING", "ON", "BCAST"}
	for i := range few {
		prefixes = append(prefixes, "PREFIX", fmt.Sprintf("name-%05d", i))
	}
	for _, x := range []struct {
		on, off []string
		least   int64
	}{
		{names("WATCH"), []string{"UNWATCH"}, many * 80},
		{names("SUBSCRIBE"), []string{"UNSUBSCRIBE"}, many * 80},
		{names("PSUBSCRIBE"), []string{"PUNSUBSCRIBE"}, many * 80},
		{names("SSUBSCRIBE"), []string{"SUNSUBSCRIBE"}, many * 80},
		{prefixes, []string{"CLIENT", "TRACKING", "OFF"}, few * 80},
	} {
		s := startServer(t)
		c := dial(t, s)
		c.do("HELLO", "3")
		base := c.clientField("tot-mem")
		count := func(call []string) {
			c.send(encode(call...) + encode("ECHO", "end"))
			for c.reply() != "end" {
			}
		}
		count(x.on)
		if got := c.clientField("tot-mem") - base; got < x.least {
			t.Errorf("%s of %d names takes %d bytes, want at least %d", x.on[0], many, got, x.least)
		}
		count(x.off)
		if got := c.clientField("tot-mem"); got != base {
			t.Errorf("after %s it takes %d bytes, want %d", x.off[0], got, base)
		}
		// So such a client is seen by maxmemory-clients.
		count(x.on)
		d := dial(t, s)
		d.want("OK", "CLIENT", "NO-EVICT", "on")
		d.want("OK", "CONFIG", "SET", "maxmemory-clients", "90000")
		c.closed()
		if n := s.clients.Counts.EvictedClients.Load(); n != 1 {
			t.Errorf("%s: %d clients evicted, want 1", x.on[0], n)
		}
	}
}

// TestUsedMemoryIsWhatIsUsed: it does not move by garbage; its peak outlives CONFIG RESETSTAT.
func TestUsedMemoryIsWhatIsUsed(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	first := c.infoInt("used_memory")
	for i := range 2000 {
		c.want("PONG", "PING")
		if i%500 == 0 {
			c.do("CLIENT", "LIST")
			if got := c.infoInt("used_memory"); got != first {
				t.Fatalf("used_memory went from %d to %d without any data", first, got)
			}
		}
	}
	c.want("OK", "SET", "k", strings.Repeat("x", 1<<20))
	with := c.infoInt("used_memory")
	if with < first+1<<20 || with > first+1<<20+1<<16 {
		t.Errorf("a value of 1 MB took %d bytes", with-first)
	}
	c.want("1", "DEL", "k")
	until(t, "the value is freed", func() bool { return c.infoInt("used_memory") < with-1<<20 })
	was := c.infoInt("used_memory_peak") // the call's own bytes may have been seen with the value's
	if was < with {
		t.Errorf("used_memory_peak is %d, used_memory was %d", was, with)
	}
	c.want("OK", "CONFIG", "RESETSTAT")
	if peak := c.infoInt("used_memory_peak"); peak != was {
		t.Errorf("used_memory_peak is %d after CONFIG RESETSTAT, want %d", peak, was)
	}
	// Buffers of clients and the table of client-side caching are parts of it.
	before := c.infoInt("used_memory")
	d := dial(t, s)
	d.do("HELLO", "3")
	d.want("OK", "CLIENT", "TRACKING", "ON")
	args := []string{"MGET"}
	for i := range 5000 {
		args = append(args, fmt.Sprint("a-key-of-some-length-", i))
	}
	d.do(args...)
	if got := c.infoInt("used_memory"); got < before+5000*25 {
		t.Errorf("5000 keys that are cached by a client take %d bytes", got-before)
	}
	d.want("OK", "CLIENT", "TRACKING", "OFF")
	c.want("OK", "FLUSHALL")
	_ = d.Close()
	until(t, "all is forgotten", func() bool { return c.infoInt("used_memory") <= before })
}
