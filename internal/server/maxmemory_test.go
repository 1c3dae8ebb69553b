package server

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kringdb/kring/internal/server/session"
)

const errOOM = "OOM command not allowed when used memory > 'maxmemory'."

// fill sets n keys of 100 bytes, in pipelines, and returns how many were refused.
func (c *testClient) fill(prefix string, n int, extra ...string) (refused int) {
	c.t.Helper()
	val := strings.Repeat("v", 100)
	for from := 0; from < n; from += 500 {
		var b strings.Builder
		for i := from; i < from+500; i++ {
			b.WriteString(encode(append([]string{"SET", fmt.Sprint(prefix, i), val}, extra...)...))
		}
		c.send(b.String())
		for range 500 {
			switch got := c.reply(); got {
			case "OK":
			case errOOM:
				refused++
			default:
				c.t.Fatal(got)
			}
		}
	}
	return refused
}

func TestNoEvictionRefuses(t *testing.T) {
	s := startServer(t, "maxmemory", "3mb")
	c := dial(t, s)
	if n := c.fill("key:", 30_000); n < 10_000 || n > 20_000 {
		t.Errorf("%d of 30000 were refused", n)
	}
	if used := (s.Store.Usage() + startupBytes); used > 3<<20+64<<10 {
		t.Errorf("%d bytes used", used)
	}
	c.want(errOOM, "SET", "k", "v")
	c.want("1", "DEL", "key:1") // not refused
	c.want("nil", "GET", "k")
	c.want("OK", "CONFIG", "SET", "maxmemory", "0")
	c.want("OK", "SET", "k", "v")
	c.want("OK", "CONFIG", "SET", "maxmemory", "1")
	c.want(errOOM, "SET", "k", "v")
	if s.Store.Stats().Evicted != 0 {
		t.Error("something was evicted")
	}
}

// TestPoliciesEvict fills a small memory under every policy.
func TestPoliciesEvict(t *testing.T) {
	policies := []string{"allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"}
	keys := 60_000
	if testing.Short() { // with the race detector, for which most of it is the same
		policies, keys = []string{"allkeys-lru", "volatile-lfu", "volatile-ttl"}, 40_000
	}
	for _, policy := range policies {
		t.Run(policy, func(t *testing.T) {
			s := startServer(t, "maxmemory", "4mb", "maxmemory-policy", policy)
			c := dial(t, s)
			volatile := strings.HasPrefix(policy, "volatile")
			if volatile {
				c.fill("keep:", 2000)
			}
			if n := c.fill("key:", keys, "EX", "1000"); n != 0 {
				t.Errorf("%d were refused", n)
			}
			if used := (s.Store.Usage() + startupBytes); used > 4<<20+64<<10 || used < 3<<20 {
				t.Errorf("%d bytes used", used)
			}
			if n := c.infoInt("evicted_keys"); n < 10_000 {
				t.Errorf("%d evicted", n)
			}
			if volatile {
				exists := []string{"EXISTS"}
				for i := range 2000 {
					exists = append(exists, fmt.Sprint("keep:", i))
				}
				c.want("2000", exists...)
				// Without anything volatile left there is nothing to evict.
				c.want("OK", "CONFIG", "SET", "maxmemory", "1mb")
				eventually(t, "all volatile keys go", func() bool { return s.Store.Len(0) == 2000 })
				c.want(errOOM, "SET", "k", "v")
			}
			if err := s.Store.CheckInvariants(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestLoweringMaxMemoryEvicts brings a full store down without any command.
func TestLoweringMaxMemoryEvicts(t *testing.T) {
	s := startServer(t, "maxmemory-policy", "allkeys-lru")
	c := dial(t, s)
	c.fill("key:", 50_000)
	c.want("OK", "CONFIG", "SET", "maxmemory", "4mb")
	eventually(t, "the store fits", func() bool { return s.Store.PublishAll()+startupBytes <= 4<<20 })
}

// TestMemoryComesBack deletes most keys at random: the pages of the rest shrink.
func TestMemoryComesBack(t *testing.T) {
	keys, shards := 200_000, "16"
	if testing.Short() { // with the race detector: as many in each shard
		keys, shards = 50_000, "4"
	}
	s := startServer(t, "shards", shards, "activedefrag", "yes", "active-defrag-ignore-bytes", "100kb", "active-defrag-cycle-min", "25")
	c := dial(t, s)
	c.fill("key:", keys)
	var b strings.Builder
	n := 0
	for i := range keys {
		if i%10 != 3 {
			b.WriteString(encode("DEL", fmt.Sprint("key:", i)))
			n++
		}
	}
	go c.send(b.String())
	for range n {
		c.reply()
	}
	used := s.Store.Used()
	eventually(t, "the pages shrink", func() bool { return s.Store.Stats().PageBytes < used*13/10 })
	if err := s.Store.CheckInvariants(); err != nil {
		t.Error(err)
	}
	if got := c.do("GET", "key:13"); len(got) != 100 {
		t.Errorf("%q", got)
	}
}

func TestMemoryCommands(t *testing.T) {
	s := startServer(t)
	c := dial(t, s)
	c.fill("key:", 5000)
	if got := c.do("MEMORY", "STATS"); !strings.HasPrefix(got, "[peak.allocated ") || !strings.Contains(got, " keys.count 5000 ") ||
		!strings.Contains(got, " db.0 [overhead.hashtable.main ") {
		t.Error(got)
	}
	if got := c.do("MEMORY", "DOCTOR"); !strings.Contains(got, "no data") {
		t.Error(got)
	}
	if got := c.do("MEMORY", "MALLOC-STATS"); !strings.Contains(got, "live blocks: ") {
		t.Error(got)
	}
	c.want("OK", "MEMORY", "PURGE")
	if used, data := c.infoInt("used_memory"), c.infoInt("used_memory_dataset"); used < data || data < 5000*100 {
		t.Errorf("%d used, %d of data", used, data)
	}
	if n := c.infoInt("mem_clients_normal"); n < session.IdleBytes || n > 1<<20 {
		t.Errorf("the clients take %d bytes", n)
	}
	c.do("FLUSHALL")
	eventually(t, "the flushed keys are freed", func() bool { return c.infoInt("lazyfree_pending_objects") == 0 })
	if n := c.infoInt("lazyfreed_objects"); n != 5000 {
		t.Errorf("%d objects were freed", n)
	}
}

// TestClientsAreEvicted lets clients fill their buffers: the largest go, the protected
// and the small stay.
func TestClientsAreEvicted(t *testing.T) {
	s := startServer(t, "maxmemory-clients", "5mb")
	small, safe, large := dial(t, s), dial(t, s), dial(t, s)
	safe.want("OK", "CLIENT", "NO-EVICT", "on")
	small.want("OK", "SET", "big", strings.Repeat("v", 1<<20))
	// They do not read. What the protected one holds alone is within the limit.
	safe.send(strings.Repeat(encode("GET", "big"), 4))
	large.send(strings.Repeat(encode("GET", "big"), 12))
	eventually(t, "a client is evicted", func() bool { return small.infoInt("evicted_clients") == 1 })
	for range 4 {
		if got := safe.reply(); len(got) != 1<<20 {
			t.Fatalf("a reply of %d bytes", len(got))
		}
	}
	large.closed()
	small.want("1", "EXISTS", "big")
}
