package server

import (
	"bufio"
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kringdb/kring/internal/server/session"
	"github.com/kringdb/kring/netio"
	"github.com/kringdb/kring/resp"
)

func (c *testClient) field(name string) string {
	_, rest, _ := strings.Cut(c.do("INFO"), name+":")
	v, _, _ := strings.Cut(rest, "\r\n")
	return v
}

func TestTrackingRedirect(t *testing.T) {
	s := startServer(t)
	c, sub, w, w3 := dial(t, s), dial(t, s), dial(t, s), dial(t, s)
	id := sub.do("CLIENT", "ID")
	c.want("OK", "CLIENT", "TRACKING", "ON", "REDIRECT", id)
	c.want(id, "CLIENT", "GETREDIR")
	c.do("GET", "k")
	w.want("OK", "SET", "k", "1") // sub does not listen: lost
	sub.want("[subscribe __redis__:invalidate 1]", "SUBSCRIBE", "__redis__:invalidate")
	c.do("GET", "k")
	w.want("OK", "SET", "k", "2")
	sub.gets("[message __redis__:invalidate [k]]")
	w.want("OK", "FLUSHALL")
	sub.gets("[message __redis__:invalidate nil]")
	c.do("GET", "k")
	c.want("OK", "SET", "k", "3") // also its own
	sub.gets("[message __redis__:invalidate [k]]")

	w3.do("HELLO", "3")
	w3.want("OK", "CLIENT", "TRACKING", "ON", "REDIRECT", id)
	w3.do("GET", "k")
	if got := w.do("CLIENT", "LIST"); !strings.Contains(got, " flags=t ") || !strings.Contains(got, " redir="+id+" ") {
		t.Error(got)
	}
	sub.Close()
	until(t, "the connection ends", func() bool { return s.clients.Counts.Clients.Load() == 3 })
	w.want("OK", "SET", "k", "4")
	w3.gets("[tracking-redir-broken " + id + "]")
	w3.want("[flags [on broken_redirect] redirect "+id+" prefixes []]", "CLIENT", "TRACKINGINFO")
	if got := w3.do("CLIENT", "INFO"); !strings.Contains(got, " flags=tR ") {
		t.Error(got)
	}
}

// TestTrackingTableLowered lowers tracking-table-max-keys below what is remembered already: the
// clients hear at once of what is forgotten, and nobody has to read another key before.
func TestTrackingTableLowered(t *testing.T) {
	s := startServer(t)
	c, w := dial(t, s), dial(t, s)
	c.do("HELLO", "3")
	c.want("OK", "CLIENT", "TRACKING", "ON")
	const keys = 5000
	for i := range keys {
		c.do("GET", "key:"+strconv.Itoa(i))
	}
	told, before := map[string]bool{}, int64(keys)
	for _, limit := range []int64{6000, 4999, 1000, 100, 7, 1, 0} {
		w.want("OK", "CONFIG", "SET", "tracking-table-max-keys", strconv.FormatInt(limit, 10))
		left := limit
		if limit == 0 || limit > before { // 0: any number
			left = before
		}
		if got := w.field("tracking_total_keys"); got != strconv.FormatInt(left, 10) {
			t.Fatalf("limit %d: %s keys", limit, got)
		}
		for range before - left {
			v, err := resp.ReadReply(c.r)
			if err != nil || v.Kind != '>' {
				t.Fatal(v, err)
			}
			told[show(v)] = true
		}
		before = left
	}
	if len(told) != keys-1 {
		t.Error(len(told))
	}
	c.want("nil", "GET", "other")
}

func TestTrackingTables(t *testing.T) {
	s := startServer(t, "tracking-table-max-keys", "100")
	c, w := dial(t, s), dial(t, s)
	c.do("HELLO", "3")
	c.want("OK", "CLIENT", "TRACKING", "ON")
	told := map[string]bool{}
	next := func() {
		v, err := resp.ReadReply(c.r)
		if err != nil {
			t.Fatal(err)
		}
		if v.Kind == '>' {
			told[show(v)] = true
		}
	}
	for i := range 1000 {
		c.send(encode("GET", "key:"+strconv.Itoa(i)))
	}
	for range 1000 + 900 {
		next()
	}
	if len(told) != 900 {
		t.Error(len(told))
	}
	if got := w.field("tracking_total_keys") + " " + w.field("tracking_total_items") + " " + w.field("tracking_clients"); got != "100 100 1" {
		t.Error(got)
	}
	for i := range 1000 {
		w.do("SET", "key:"+strconv.Itoa(i), "x")
	}
	for range 100 {
		next()
	}
	if len(told) != 1000 {
		t.Error(len(told))
	}
	if got := w.field("tracking_total_keys") + " " + w.field("tracking_total_items"); got != "0 0" {
		t.Error(got)
	}
	c.want("OK", "CLIENT", "TRACKING", "OFF")
	c.want("OK", "CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a", "PREFIX", "b")
	if got := w.field("tracking_total_prefixes"); got != "2" {
		t.Error(got)
	}
	c.Close()
	until(t, "the connection ends", func() bool { return s.clients.Counts.Clients.Load() == 1 })
	if got := w.field("tracking_total_prefixes") + w.field("tracking_clients"); got != "00" {
		t.Error(got)
	}
	n := s.Tracking.Stats().Clients + s.Tracking.Stats().Prefixes
	last, _ := strconv.ParseInt(dial(t, s).do("CLIENT", "ID"), 10, 64)
	open := 0
	for id := range last + 1 {
		if s.clients.Find(id) != nil {
			open++
		}
	}
	if n != 0 || open != 2 {
		t.Error(n, "left", open, "sessions")
	}
}

// TestTrackingOwn: the turn in which a client is told of its own change leaves nothing behind.
func TestTrackingOwn(t *testing.T) {
	s := startServer(t, "reactors", "1")
	for range 20 {
		c := dial(t, s)
		c.do("HELLO", "3")
		c.want("OK", "CLIENT", "TRACKING", "ON")
		c.send(encode("GET", "k") + encode("SET", "k", "1") + encode("GET", "k") + encode("DEL", "k") + encode("PING"))
		for _, want := range []string{"nil", "OK", "[invalidate [k]]", "1", "1", "[invalidate [k]]", "PONG"} {
			c.gets(want)
		}
		c.Close()
	}
	left := -1
	done := make(chan struct{})
	s.Group.Reactors()[0].Post(func() {
		left = len(s.clients.Stations[0].Unflushed)
		close(done)
	})
	<-done
	if left != 0 {
		t.Error(left, "sessions left")
	}
}

// cachingClient reads keys and keeps what it is told, as client-side caches do: a value
// goes in with its reply and out with an invalidation, in the order of the connection.
type cachingClient struct {
	t     *testing.T
	conn  net.Conn
	r     *bufio.Reader
	cache map[string]string
}

func (c *cachingClient) push(v resp.Value) bool {
	if v.Kind != '>' {
		return false
	}
	if v.Elems[1].Null {
		clear(c.cache)
		return true
	}
	for _, k := range v.Elems[1].Elems {
		delete(c.cache, string(k.Str))
	}
	return true
}

// ask sends a command and returns its reply; what is told meanwhile is obeyed.
func (c *cachingClient) ask(args ...string) resp.Value {
	if _, err := c.conn.Write([]byte(encode(args...))); err != nil {
		c.t.Error(err)
	}
	for {
		v, err := resp.ReadReply(c.r)
		if err != nil {
			c.t.Error(err)
			return v
		}
		if !c.push(v) {
			return v
		}
	}
}

// TestTrackingNeverStale: many write while others read and cache. When all is quiet, what
// is in the caches is what is in the store.
func TestTrackingNeverStale(t *testing.T) {
	for _, mode := range []string{"", "BCAST", "NOLOOP", "small table"} {
		t.Run("mode "+mode, func(t *testing.T) { neverStale(t, mode) })
	}
}

func neverStale(t *testing.T, mode string) {
	directives := []string{"reactors", "3"}
	args := []string{"CLIENT", "TRACKING", "ON"}
	if mode == "small table" {
		directives = append(directives, "tracking-table-max-keys", "10")
	} else if mode != "" {
		args = append(args, mode)
	}
	s := startServer(t, directives...)
	const keys = 40
	key := func() string { return "k" + strconv.Itoa(rand.IntN(keys)) }
	const span = 700 * time.Millisecond
	half := time.Now().Add(span / 2)
	ctx, cancel := context.WithTimeout(context.Background(), span)
	defer cancel()
	var writers, readers sync.WaitGroup
	var n atomic.Int64
	for range 3 {
		w := dial(t, s)
		writers.Add(1)
		go func() {
			defer writers.Done()
			for ctx.Err() == nil {
				v := strconv.FormatInt(n.Add(1), 10)
				switch rand.IntN(60) {
				case 0: // not near the end, so that the caches hold something then
					if time.Now().Before(half) {
						w.do("FLUSHALL")
					}
				case 1, 2, 3:
					w.do("DEL", key())
				case 4, 5, 6:
					w.do("SET", key(), v, "PX", "3")
				case 7, 8:
					w.do("RENAME", key(), key())
				default:
					w.do("SET", key(), v)
				}
			}
		}()
	}
	var caches []*cachingClient
	for range 6 {
		d := dial(t, s)
		c := &cachingClient{t: t, conn: d.Conn, r: d.r, cache: map[string]string{}}
		c.ask("HELLO", "3")
		c.ask(args...)
		caches = append(caches, c)
		readers.Add(1)
		go func() {
			defer readers.Done()
			// In the end all read a little more: what one has that had no processor for a while may all be invalid.
			for left := 10; left > 0; {
				if ctx.Err() != nil {
					left--
				}
				k := key()
				switch rand.IntN(12) {
				case 0: // on a worker
					c.ask("MULTI")
					c.ask("GET", k)
					c.ask("INFO", "server")
					c.cache[k] = show(c.ask("EXEC").Elems[0])
				case 1:
					c.ask("MULTI")
					c.ask("GET", k)
					c.cache[k] = show(c.ask("EXEC").Elems[0])
				case 2:
					if mode != "NOLOOP" {
						c.ask("SET", k, strconv.FormatInt(n.Add(1), 10))
					}
				case 3:
					other := key()
					v := c.ask("MGET", k, other)
					c.cache[k], c.cache[other] = show(v.Elems[0]), show(v.Elems[1])
				default:
					if _, ok := c.cache[k]; !ok {
						c.cache[k] = show(c.ask("GET", k))
					} else if rand.IntN(4) == 0 {
						c.ask("PING")
					}
				}
			}
		}()
	}
	writers.Wait()
	readers.Wait()
	until(t, "the last keys expire", func() bool { return s.Store.Expires(0) == 0 })
	for range 3 { // a letter may post another one
		s.clients.AskAll(func(*netio.Reactor, *session.Station) {})
	}
	total := 0
	for _, c := range caches {
		c.ask("PING")
		plain := dial(t, s)
		for k, v := range c.cache {
			total++
			if got := plain.do("GET", k); got != v {
				t.Errorf("%s is %s, cached %s", k, got, v)
			}
		}
	}
	if total == 0 && mode != "small table" {
		t.Error("nothing was cached")
	}
	if mode == "small table" {
		if got := s.Tracking.Stats().Keys; got > 10 {
			t.Error(got, "keys")
		}
	}
}

// TestTrackingBlocked: what a blocked XREAD has read is known to be old when it changes.
func TestTrackingBlocked(t *testing.T) {
	s := startServer(t)
	c, w := dial(t, s), dial(t, s)
	c.do("HELLO", "3")
	c.want("OK", "CLIENT", "TRACKING", "ON")
	for i := range 200 {
		c.send(encode("XREAD", "BLOCK", "0", "STREAMS", "s", "$"))
		for s.Waiting.Blocked.Load() != 1 {
			time.Sleep(50 * time.Microsecond)
		}
		id, second := strconv.Itoa(2*i+1)+"-0", strconv.Itoa(2*i+2)+"-0"
		w.send(encode("XADD", "s", id, "f", "v") + encode("XADD", "s", second, "f", "v"))
		w.reply()
		w.reply()
		var order []string
		for len(order) < 3 {
			got := c.reply()
			if strings.HasPrefix(got, "[invalidate") {
				got = "invalidate"
			} else if got != "[s [["+id+" [f v]]]]" {
				t.Fatal(got)
			} else {
				got = "reply"
			}
			order = append(order, got)
		}
		if order[2] != "invalidate" || !slices.Contains(order, "reply") {
			t.Fatal(order)
		}
	}
}

// TestWriterWaitsForTrackers: a client that changes more than its reactor's neighbours can be told of waits, instead of filling the
// memory; who reads does not, and all is told.
func TestWriterWaitsForTrackers(t *testing.T) {
	s := startServer(t, "io-model", "reactor")
	cachers, writers := onEachReactor(t, s), onEachReactor(t, s)
	cacher, writer, other := cachers[1], writers[0], cachers[0]
	cacher.do("HELLO", "3")
	cacher.want("OK", "CLIENT", "TRACKING", "ON", "BCAST")
	release := make(chan struct{})
	s.Group.Reactors()[1].Post(func() { <-release })
	const times = 40
	key := strings.Repeat("k", 1<<20)
	var replies atomic.Int64
	var done sync.WaitGroup
	done.Go(func() {
		for i := range times { // one by one: one batch tells of many keys at once
			writer.send(encode("SET", key+strconv.Itoa(i), "v"))
			if got := writer.reply(); got != "OK" {
				t.Errorf("%.40q", got)
			}
			replies.Add(1)
		}
	})
	until(t, "the writer has to wait", func() bool { return s.clients.Tracking.Full() })
	other.want("PONG", "PING")
	other.want("nil", "GET", "k")
	if n := replies.Load(); n > 20 {
		t.Errorf("%d keys of a megabyte wait", n)
	}
	close(release)
	for told := 0; told < times; {
		m := cacher.reply()
		if !strings.HasPrefix(m, "[invalidate [k") {
			t.Fatalf("%.40q", m)
		}
		told += strings.Count(m, " ") // words behind the first
	}
	done.Wait()
}
