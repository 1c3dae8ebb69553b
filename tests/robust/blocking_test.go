package robust

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// waiterClient is a client that has sent a blocking command.
type waiterClient struct {
	*rawclient.Client
	t    *testing.T
	line string
}

// blocked sends a blocking command on a new connection and waits until the server says
// that one client more is blocked.
func blocked(t *testing.T, s *harness.Server, look *rawclient.Client, setup, line string) *waiterClient {
	t.Helper()
	c := s.Connect(t)
	if setup != "" {
		must(t, c, setup, "")
	}
	before := infoNumber(t, look, "blocked_clients")
	args, err := rawclient.Split(line)
	if err != nil {
		t.Fatal(err)
	}
	c.Queue(args...)
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	await(t, "the client blocks: "+line, func() bool { return infoNumber(t, look, "blocked_clients") == before+1 })
	return &waiterClient{c, t, line}
}

// gets waits for the reply.
func (w *waiterClient) gets(want string) {
	w.t.Helper()
	v, err := w.Receive()
	if err != nil {
		w.t.Fatalf("%s: %v", w.line, err)
	}
	if v.String() != want {
		w.t.Fatalf("%s: got %s, want %s", w.line, v, want)
	}
}

// stays tells that no reply comes for a moment.
func (w *waiterClient) stays() {
	w.t.Helper()
	w.Timeout = stayBlockedTime
	v, err := w.Receive()
	if err == nil {
		w.t.Fatalf("%s: got %s, should wait", w.line, v)
	}
	w.Timeout = 0
}

// TestBlockedClientsInOrder: who waits longest is served first, by every way to wait.
func TestBlockedClientsInOrder(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	first := blocked(t, s, c, "", "BLPOP q 0")
	second := blocked(t, s, c, "", "BLMOVE q r LEFT RIGHT 0")
	third := blocked(t, s, c, "", "BRPOP other q 0")
	fourth := blocked(t, s, c, "", "BLMPOP 0 2 other q LEFT COUNT 2")
	fifth := blocked(t, s, c, "", "BRPOPLPUSH q r 0")
	must(t, c, "RPUSH q 1 2 3 4 5 6 7", ":7")
	first.gets(`*2[$"q" $"1"]`)
	second.gets(`$"2"`)
	third.gets(`*2[$"q" $"7"]`)
	fourth.gets(`*2[$"q" *2[$"3" $"4"]]`)
	fifth.gets(`$"6"`)
	must(t, c, "LRANGE q 0 -1", `*1[$"5"]`)
	must(t, c, "LRANGE r 0 -1", `*2[$"6" $"2"]`)
}

// TestBlockedChain: what a served client pushes serves the next one.
func TestBlockedChain(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	last := blocked(t, s, c, "", "BLPOP q3 0")
	b := blocked(t, s, c, "", "BLMOVE q2 q3 LEFT LEFT 0")
	a := blocked(t, s, c, "", "BRPOPLPUSH q1 q2 0")
	must(t, c, "LPUSH q1 x", ":1")
	a.gets(`$"x"`)
	b.gets(`$"x"`)
	last.gets(`*2[$"q3" $"x"]`)
	for _, k := range []string{"q1", "q2", "q3"} {
		must(t, c, "EXISTS "+k, ":0")
	}
	round := blocked(t, s, c, "", "BLMOVE self self LEFT RIGHT 0")
	must(t, c, "RPUSH self y z", ":2")
	round.gets(`$"y"`)
	must(t, c, "LRANGE self 0 -1", `*2[$"z" $"y"]`)
}

// TestBlockedTimeouts: never early, and at best at once.
func TestBlockedTimeouts(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	for _, line := range []string{
		"BLPOP q 0.05", "BRPOP q p 0.1", "BLMOVE q r LEFT LEFT 0.02", "BRPOPLPUSH q r 0.2", "BLMPOP 0.03 2 q p LEFT", "BLPOP q 0.001",
	} {
		words := strings.Fields(line)
		text := words[len(words)-1]
		if words[0] == "BLMPOP" {
			text = words[1]
		}
		seconds, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		want := time.Duration(seconds * float64(time.Second))
		best := time.Hour
		for range timeoutTriesCount {
			began := time.Now()
			must(t, c, line, "*(nil)")
			took := time.Since(began)
			if took < want {
				t.Errorf("%s came after %v", line, took)
			}
			best = min(best, took-want)
		}
		if best > timeoutLateMax && s.IsKring() { // Redis looks at its clients ten times a second
			t.Errorf("%s is late by %v at best", line, best)
		}
	}
	if n := infoNumber(t, c, "blocked_clients"); n != 0 {
		t.Errorf("%d clients are still blocked", n)
	}
}

// TestBlockedWakeUps: every way in which a list can come to be serves who waits for it.
func TestBlockedWakeUps(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	ways := []string{
		"RPUSH q v", "LPUSH q v",
		"RPUSH src v; LMOVE src q LEFT RIGHT", "RPUSH src v; RPOPLPUSH src q",
		"RPUSH src v; RENAME src q", "RPUSH src v; RENAMENX src q", "RPUSH src v; COPY src q", "SADD src v; SORT src ALPHA STORE q",
		"SELECT 1; RPUSH q v; MOVE q 0; SELECT 0", "SELECT 1; RPUSH q v; SWAPDB 0 1; SELECT 0",
		"SELECT 1; RPUSH src v; COPY src q DB 0; SELECT 0",
		"SET q string; DEL q; RPUSH q v", "SET q string; RPUSH src v; RENAME src q",
	}
	if s.IsKring() { // Redis 7.0 forgets it
		ways = append(ways, "HSET q f v; SADD src v; SORT src ALPHA STORE q")
	}
	for _, how := range ways {
		must(t, c, "FLUSHALL", "+OK")
		w := blocked(t, s, c, "", "BLPOP q 0")
		for _, line := range strings.Split(how, "; ") {
			must(t, c, line, "")
		}
		w.line = how
		w.gets(`*2[$"q" $"v"]`)
		must(t, c, "EXISTS q", ":0")
	}
	w := blocked(t, s, c, "", "BLPOP q 0")
	for _, line := range []string{"SET q string", "APPEND q x", "DEL q", "ZADD q 1 m", "DEL q", "SADD q m", "EXPIRE q 1000"} {
		must(t, c, line, "")
	}
	w.stays()
	must(t, c, "LPUSHX q v", `-WRONGTYPE Operation against a key holding the wrong kind of value`)
	must(t, c, "UNLINK q", ":1")
	must(t, c, "RPUSH q v", ":1")
	w.gets(`*2[$"q" $"v"]`)
	elsewhere := blocked(t, s, c, "SELECT 3", "BLPOP q 0")
	must(t, c, "RPUSH q v", ":1")
	elsewhere.stays()
	must(t, c, "MOVE q 3", ":1")
	elsewhere.gets(`*2[$"q" $"v"]`)
}

// TestBlockedClientDies: a client that goes away while it waits takes nothing with it.
func TestBlockedClientDies(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	for i := range 20 {
		dead := blocked(t, s, c, "", "BLPOP q p 0")
		alive := blocked(t, s, c, "", "BRPOP q 0")
		dead.Close()
		if i%2 == 0 { // else the push may come first
			await(t, "the server notices", func() bool { return infoNumber(t, c, "blocked_clients") == 1 })
			must(t, c, "RPUSH q v", ":1")
			alive.gets(`*2[$"q" $"v"]`)
		} else {
			must(t, c, "RPUSH q v w", ":2")
			v, err := alive.Receive()
			if err != nil || len(v.Elems) != 2 {
				t.Fatal(v, err)
			}
			must(t, c, "DEL q", "")
		}
		alive.Close()
	}
	if n := infoNumber(t, c, "blocked_clients"); n != 0 {
		t.Errorf("%d clients are still blocked", n)
	}
}

// TestBlockedClientUnblock: CLIENT UNBLOCK ends the waiting once.
func TestBlockedClientUnblock(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	for _, how := range []struct{ word, want string }{
		{"", "*(nil)"}, {" TIMEOUT", "*(nil)"}, {" ERROR", "-UNBLOCKED client unblocked via CLIENT UNBLOCK"},
	} {
		w := s.Connect(t)
		id := must(t, w, "CLIENT ID", "").Int
		w.Queue("BLPOP", "q", "0")
		w.Queue("PING")
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		await(t, "the client blocks", func() bool { return infoNumber(t, c, "blocked_clients") == 1 })
		must(t, c, fmt.Sprintf("CLIENT UNBLOCK %d%s", id, how.word), ":1")
		must(t, c, fmt.Sprintf("CLIENT UNBLOCK %d%s", id, how.word), ":0")
		for _, want := range []string{how.want, "+PONG"} {
			if v, err := w.Receive(); err != nil || v.String() != want {
				t.Fatalf("got %s, %v; want %s", v, err, want)
			}
		}
	}
	must(t, c, "RPUSH q v", ":1")
	must(t, c, "LLEN q", ":1")
}

// TestBlockedQueues: many producers and consumers lose nothing, double nothing, and each
// consumer sees each producer's elements in order.
func TestBlockedQueues(t *testing.T) {
	s := start(t)
	const producers, consumers, each = 4, 6, 600
	var wg sync.WaitGroup
	got := make([][]string, consumers)
	pops := []string{"BLPOP q1 q2 q3 0", "BLMPOP 0 3 q3 q1 q2 LEFT COUNT 3", "BLPOP q2 q3 q1 0"}
	for i := range consumers {
		c := s.Connect(t)
		line := strings.Fields(pops[i%len(pops)])
		wg.Go(func() {
			for {
				v, err := c.Do(line...)
				if err != nil || len(v.Elems) != 2 {
					t.Error(v, err)
					return
				}
				elems := []string{v.Elems[1].Str}
				if v.Elems[1].Elems != nil {
					elems = v.Elems[1].Texts()
				}
				for _, e := range elems {
					if e == "end" {
						return
					}
					got[i] = append(got[i], e)
				}
			}
		})
	}
	var made sync.WaitGroup
	for p := range producers {
		c := s.Connect(t)
		made.Go(func() {
			for i := range each {
				if _, err := c.Do("RPUSH", fmt.Sprint("q", 1+p%3), fmt.Sprintf("%d %06d", p, i)); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	made.Wait()
	c := s.Connect(t)
	await(t, "all is consumed", func() bool { return must(t, c, "EXISTS q1 q2 q3", "").Int == 0 })
	for left := int64(consumers); left > 0; left-- { // one by one: BLMPOP would take two
		// Whoever took the last element may not be waiting again yet.
		await(t, "all consumers wait", func() bool { return infoNumber(t, c, "blocked_clients") == left })
		must(t, c, "RPUSH q1 end", "")
		await(t, "a consumer ends", func() bool { return infoNumber(t, c, "blocked_clients") < left })
	}
	wg.Wait()
	var all []string
	for i := range got {
		last := map[byte]string{}
		for _, e := range got[i] {
			if e <= last[e[0]] {
				t.Fatalf("consumer %d got %q after %q", i, e, last[e[0]])
			}
			last[e[0]] = e
		}
		all = append(all, got[i]...)
	}
	slices.Sort(all)
	if n := len(slices.Compact(all)); n != producers*each || len(all) != n {
		t.Errorf("%d elements came, %d different ones; %d were sent", len(all), n, producers*each)
	}
}

// TestSortSeesOneMoment: the keys that SORT reads by pattern are all of one moment,
// whatever shards they are in.
func TestSortSeesOneMoment(t *testing.T) {
	s := start(t)
	const keys = 20
	c := s.Connect(t)
	set := func(c *rawclient.Client, v int) error {
		args := []string{"MSET"}
		for i := range keys {
			args = append(args, fmt.Sprint("w", i), strconv.Itoa(v))
		}
		_, err := c.Do(args...)
		return err
	}
	if err := set(c, 0); err != nil {
		t.Fatal(err)
	}
	for i := range keys {
		must(t, c, fmt.Sprint("RPUSH l ", i), "")
	}
	n := 0
	writer := func(c *rawclient.Client) error {
		n++
		return set(c, n)
	}
	sorts := []string{"SORT l BY w* GET w*", "SORT_RO l BY nosort GET w* LIMIT 3 100", "SORT l BY w* GET w* STORE d"}
	measure := func(c *rawclient.Client) {
		for i := range 3000 {
			v := must(t, c, sorts[i%len(sorts)], "")
			if i%len(sorts) == 2 {
				v = must(t, c, "LRANGE d 0 -1", "")
			}
			for _, e := range v.Elems {
				if e.Str != v.Elems[0].Str {
					t.Fatalf("%s saw half an MSET: %v", sorts[i%len(sorts)], v.Texts())
				}
			}
		}
	}
	other := func(c *rawclient.Client) error {
		_, err := c.Do("SORT", "l", "BY", "w*", "DESC")
		return err
	}
	together(t, func() *rawclient.Client { return s.Connect(t) }, measure, writer, other)
}

// TestBlockingWithinMulti: nobody waits within a transaction, and what it pushes is there
// for others only when it has ended.
func TestBlockingWithinMulti(t *testing.T) {
	s := start(t)
	c, other := s.Connect(t), s.Connect(t)
	for _, q := range []string{"BLPOP q 0", "BRPOP q p 0", "BLMOVE q r LEFT LEFT 0", "BRPOPLPUSH q r 0", "BLMPOP 0 1 q LEFT"} {
		must(t, c, "MULTI", "+OK")
		must(t, c, q, "+QUEUED")
		must(t, c, "EXEC", map[bool]string{true: "*1[$(nil)]", false: "*1[*(nil)]"}[strings.Contains(q, "BLMOVE") || strings.Contains(q, "PLPUSH")])
	}
	w := blocked(t, s, other, "", "BLPOP q 0")
	must(t, c, "MULTI", "+OK")
	for _, q := range []string{"RPUSH q 1 2", "LPOP q", "RPOP q", "RPUSH q 3"} {
		must(t, c, q, "+QUEUED")
	}
	must(t, c, "EXEC", `*4[:2 $"1" $"2" :1]`)
	w.gets(`*2[$"q" $"3"]`)
	w = blocked(t, s, other, "", "BLPOP q 0")
	for _, q := range []string{"MULTI", "RPUSH q 1", "BLPOP q 0", "EXEC"} {
		must(t, c, q, "")
	}
	w.stays()
	must(t, c, "MULTI", "+OK")
	must(t, c, "RPUSH q a", "+QUEUED")
	must(t, c, "SET q string", "+QUEUED")
	must(t, c, "EXEC", `*2[:1 +OK]`)
	must(t, c, "DEL q", ":1")
	must(t, c, "MULTI", "+OK")
	must(t, c, "SADD src v", "+QUEUED")
	must(t, c, "SORT src BY w* ALPHA GET # STORE q", "+QUEUED")
	must(t, c, "EXEC", `*2[:1 :1]`)
	w.gets(`*2[$"q" $"v"]`)
	must(t, c, "EXISTS q", ":0")
}

// TestSortRights: BY and GET may name any key, so they need the right to read them all.
func TestSortRights(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	must(t, c, "ACL SETUSER some on nopass ~l ~d +@all", "+OK")
	must(t, c, "ACL SETUSER reader on nopass ~d %R~* +@all", "+OK")
	must(t, c, "RPUSH l 2 1", ":2")
	must(t, c, "AUTH some x", "+OK")
	must(t, c, "SORT l", `*2[$"1" $"2"]`)
	must(t, c, "SORT l STORE d", ":2")
	must(t, c, "SORT l BY w*", "-ERR BY option of SORT denied due to insufficient ACL permissions.")
	must(t, c, "SORT_RO l GET w*", "-ERR GET option of SORT denied due to insufficient ACL permissions.")
	if v, err := c.Do("SORT", "l", "STORE", "e"); err != nil || !strings.HasPrefix(v.Str, "NOPERM") {
		t.Fatal(v, err)
	}
	must(t, c, "AUTH reader x", "+OK")
	must(t, c, "SORT l BY w* GET # STORE d", ":2")
}
