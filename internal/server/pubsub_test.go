package server

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// noSubscriptions checks that nothing is left in the tables.
func noSubscriptions(t *testing.T, s *Server) {
	t.Helper()
	until(t, "no topic is left", func() bool { return s.clients.Channels.Topics() == 0 })
}

func TestPubSub(t *testing.T) {
	s := startServer(t)
	p := dial(t, s)
	var subs []*testClient
	for i := range 4 {
		c := dial(t, s)
		if i%2 == 1 {
			c.do("HELLO", "3")
		}
		c.want("[subscribe a 1]", "SUBSCRIBE", "a")
		c.send(encode("PSUBSCRIBE", "a*", "b?"))
		c.gets("[psubscribe a* 2]")
		c.gets("[psubscribe b? 3]")
		c.want("[ssubscribe a 1]", "SSUBSCRIBE", "a")
		subs = append(subs, c)
	}
	p.want("8", "PUBLISH", "a", "one")
	p.want("4", "PUBLISH", "bx", "two")
	p.want("0", "PUBLISH", "c", "three")
	p.want("4", "SPUBLISH", "a", "four")
	p.want("[a]", "PUBSUB", "CHANNELS")
	p.want("[]", "PUBSUB", "CHANNELS", "b*")
	p.want("[a 4 b 0]", "PUBSUB", "NUMSUB", "a", "b")
	p.want("2", "PUBSUB", "NUMPAT")
	p.want("[a]", "PUBSUB", "SHARDCHANNELS", "?")
	p.want("[a 4]", "PUBSUB", "SHARDNUMSUB", "a")
	for _, c := range subs {
		for _, want := range []string{"[message a one]", "[pmessage a* a one]", "[pmessage b? bx two]", "[smessage a four]"} {
			c.gets(want)
		}
	}
	subs[0].want("ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context", "GET", "x")
	subs[0].want("[pong ]", "PING")
	subs[0].want("[pong hi]", "PING", "hi")
	subs[1].want("nil", "GET", "x")
	subs[1].want("PONG", "PING")
	for _, want := range []string{"8", "[message a self]", "[pmessage a* a self]"} { // the reply first
		if want == "8" {
			subs[1].send(encode("PUBLISH", "a", "self"))
		}
		subs[1].gets(want)
	}
	subs[0].gets("[message a self]")
	subs[0].gets("[pmessage a* a self]")
	subs[0].want("RESET", "RESET")
	subs[0].want("nil", "GET", "x")
	subs[1].Close()
	until(t, "its connection ends", func() bool { return s.Host.PubSub.Listeners(0, []byte("a")) == 2 })
	p.want("2", "SPUBLISH", "a", "five")
	subs[2].Close()
	subs[3].Close()
	noSubscriptions(t, s)
}

func TestPubSubInTransaction(t *testing.T) {
	s := startServer(t)
	c, p := dial(t, s), dial(t, s)
	for _, slow := range []bool{false, true} {
		n := 4
		c.send(encode("MULTI") + encode("SUBSCRIBE", "q", "r") + encode("PUBLISH", "q", "hello") + encode("UNSUBSCRIBE", "r"))
		if slow {
			c.send(encode("KEYS", "*"))
			n++
		}
		c.send(encode("EXEC"))
		for range n {
			c.reply()
		}
		if b, err := c.r.Peek(4); err != nil || b[1] != byte('0'+n-1) {
			t.Fatalf("%q %v", b, err)
		}
		line, _ := c.r.ReadString('\n')
		_ = line
		c.gets("[subscribe q 1]")
		c.gets("[subscribe r 2]")
		if slow {
			c.gets("0") // the client listens when the transaction has ended
		} else {
			c.gets("1")
		}
		c.gets("[unsubscribe r 1]")
		if slow {
			c.gets("[]")
		} else {
			c.gets("[message q hello]")
		}
		p.want("1", "PUBLISH", "q", "there")
		c.gets("[message q there]")
		if got := p.do("CLIENT", "LIST", "TYPE", "pubsub"); !strings.Contains(got, " flags=P ") || !strings.Contains(got, " sub=1 psub=0 ssub=0 ") {
			t.Error(got)
		}
		c.want("RESET", "RESET")
	}
	noSubscriptions(t, s)
}

// TestPubSubOrder: all who listen hear the messages of all publishers in one order.
func TestPubSubOrder(t *testing.T) {
	s := startServer(t, "reactors", "3")
	const publishers, each, listeners = 4, 500, 6
	heard := make([][]string, listeners)
	var wg, pub sync.WaitGroup
	for i := range listeners {
		c := dial(t, s)
		c.want("[subscribe ch 1]", "SUBSCRIBE", "ch")
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range publishers * each {
				heard[i] = append(heard[i], c.reply())
			}
		}()
	}
	for p := range publishers {
		c := dial(t, s)
		pub.Add(1)
		go func() {
			defer pub.Done()
			for n := range each {
				c.want(fmt.Sprint(listeners), "PUBLISH", "ch", fmt.Sprint(p, ".", n))
			}
		}()
	}
	pub.Wait()
	wg.Wait()
	for i := range heard {
		for j := range heard[i] {
			if heard[i][j] != heard[0][j] {
				t.Fatalf("listener %d heard %s as number %d, listener 0 %s", i, heard[i][j], j, heard[0][j])
			}
		}
	}
}

// TestPubSubComingAndGoing: what is published after a confirmation is heard, nothing
// after the end, and nobody waits for ever.
func TestPubSubComingAndGoing(t *testing.T) {
	s := startServer(t, "reactors", "3")
	stop := make(chan struct{})
	var noise, wg sync.WaitGroup
	for i := range 2 {
		c := dial(t, s)
		noise.Add(1)
		go func() {
			defer noise.Done()
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
					c.do("PUBLISH", "x", fmt.Sprint("noise", i, n))
				}
			}
		}()
	}
	for i := range 4 {
		wg.Add(1)
		p := dial(t, s)
		go func() {
			defer wg.Done()
			for n := range 100 {
				c := dial(t, s)
				c.send(encode("SUBSCRIBE", "x", "own"))
				for got := ""; got != "[subscribe own 2]"; {
					got = c.reply()
				}
				mine := fmt.Sprint("mine", i, ".", n)
				p.do("PUBLISH", "x", mine)
				for got := ""; got != "[message x "+mine+"]"; {
					got = c.reply()
				}
				if n%2 == 0 {
					c.send(encode("UNSUBSCRIBE") + encode("PING"))
					for got := ""; got != "PONG"; {
						if got = c.reply(); strings.HasPrefix(got, "[unsubscribe x") || strings.HasPrefix(got, "[unsubscribe own") {
							continue
						}
					}
				}
				c.Close()
			}
		}()
	}
	wg.Wait()
	close(stop)
	noise.Wait()
	noSubscriptions(t, s)
}

func TestKeyspaceEvents(t *testing.T) {
	s := startServer(t, "notify-keyspace-events", "KEAnm")
	c, p := dial(t, s), dial(t, s)
	c.want("[psubscribe __key*__:* 1]", "PSUBSCRIBE", "__key*__:*")
	event := func(db int, key string, names ...string) {
		t.Helper()
		for _, n := range names {
			c.gets(fmt.Sprintf("[pmessage __key*__:* __keyspace@%d__:%s %s]", db, key, n))
			c.gets(fmt.Sprintf("[pmessage __key*__:* __keyevent@%d__:%s %s]", db, n, key))
		}
	}
	p.want("1", "RPUSH", "l", "x")
	event(0, "l", "new", "rpush")
	p.want("x", "LPOP", "l")
	event(0, "l", "lpop", "del")
	p.want("nil", "GET", "none")
	event(0, "none", "keymiss")
	p.want("OK", "SELECT", "3")
	p.want("1", "ZADD", "z", "1", "m")
	event(3, "z", "new", "zadd")
	p.want("1", "PEXPIRE", "z", "10")
	event(3, "z", "expire", "expired") // on time, without being looked at
	b := dial(t, s)
	b.want("OK", "SELECT", "3")
	b.block(s, 1, "BLPOP", "q", "0")
	p.want("1", "RPUSH", "q", "x")
	event(3, "q", "new", "rpush", "lpop", "del")
	b.gets("[q x]")
	p.want("OK", "CONFIG", "SET", "notify-keyspace-events", "Kl")
	p.want("1", "SADD", "s", "x")
	p.want("1", "LPUSH", "l", "x")
	c.gets("[pmessage __key*__:* __keyspace@3__:l lpush]")
	p.want("OK", "CONFIG", "SET", "notify-keyspace-events", "")
	p.want("2", "LPUSH", "l", "x")
	c.want("[pong ]", "PING")
}

// TestPubSubLimits: who does not read what it listens to is closed, and who may not hear
// it any more.
func TestPubSubLimits(t *testing.T) {
	s := startServer(t, "client-output-buffer-limit", "pubsub 1mb 0 0")
	c, p := dial(t, s), dial(t, s)
	c.want("[subscribe ch 1]", "SUBSCRIBE", "ch")
	text := strings.Repeat("x", 64<<10)
	for n := 0; p.do("PUBLISH", "ch", text) == "1"; n++ {
		if n > 1000 {
			t.Fatal("1000 messages of 64 KB wait")
		}
	}
	p.want("OK", "ACL", "SETUSER", "bob", "on", "nopass", "+@all", "&news.*", "&x")
	b, x := dial(t, s), dial(t, s)
	b.want("OK", "AUTH", "bob", "x")
	x.want("OK", "AUTH", "bob", "x")
	b.want("NOPERM No permissions to access a channel", "SUBSCRIBE", "other")
	b.want("[psubscribe news.* 1]", "PSUBSCRIBE", "news.*")
	x.want("[subscribe x 1]", "SUBSCRIBE", "x")
	p.want("OK", "ACL", "SETUSER", "bob", "resetchannels", "&news.*")
	x.closed()
	p.want("1", "PUBLISH", "news.today", "hi")
	b.gets("[pmessage news.* news.today hi]")
	b.Close()
	noSubscriptions(t, s)
}

// TestPublisherWaitsForListeners: a client that publishes, by itself, from a script, in a transaction or by keyspace events, more than can be delivered
// waits, instead of filling the memory; others do not, and all messages come.
func TestPublisherWaitsForListeners(t *testing.T) {
	s := startServer(t, "io-model", "reactor", "notify-keyspace-events", "Kg$")
	listener, publisher := onEachReactor(t, s), onEachReactor(t, s)
	ear, other := listener[1], listener[0]
	text := strings.Repeat("x", 1<<20)
	other.want("OK", "SET", "text", text)
	ear.want("[psubscribe * 1]", "PSUBSCRIBE", "*")
	calls := []string{
		encode("PUBLISH", "ch", text),
		encode("EVAL", "return redis.call('PUBLISH', 'ch', ARGV[1])", "0", text),
		encode("EVAL", "while false do end return redis.call('PUBLISH', redis.call('GET', KEYS[1]), 'x')", "1", "text"),
		encode("SET", text, "v"),
		encode("MULTI") + encode("PUBLISH", "ch", text) + encode("EXEC"),
	}
	const times = 24
	var heard atomic.Int64
	var listens sync.WaitGroup
	listens.Go(func() {
		for range times * len(calls) {
			if m := ear.reply(); !strings.HasPrefix(m, "[pmessage") {
				t.Errorf("%.40q", m)
			}
			heard.Add(1)
		}
	})
	other.want("lib", "FUNCTION", "LOAD", "#!lua name=lib\nredis.register_function{function_name='reads', flags={'no-writes'}, "+
		"callback=function(keys) return redis.call('STRLEN', keys[1]) end}")
	for i, call := range calls {
		release := make(chan struct{})
		s.Group.Reactors()[1].Post(func() { <-release })
		var replies atomic.Int64
		var done sync.WaitGroup
		done.Go(func() { publisher[0].send(strings.Repeat(call, times)) })
		done.Go(func() {
			for range times * strings.Count(call, "*") {
				publisher[0].reply()
				replies.Add(1)
			}
		})
		until(t, "the publisher has to wait", func() bool { return s.clients.Channels.Full() })
		other.want("PONG", "PING")
		other.want("OK", "MULTI") // what only reads does not wait
		other.want("QUEUED", "STRLEN", "text")
		other.want("QUEUED", "PFCOUNT", "none")
		other.want("QUEUED", "EVAL_RO", "return 1", "0")
		other.want("QUEUED", "EVAL", "#!lua flags=no-writes\nreturn 2", "0")
		other.want("[1048576 0 1 2]", "EXEC")
		other.want("2", "EVAL", "#!lua flags=no-writes\nreturn 2", "0")
		other.want("1048576", "FCALL", "reads", "1", "text")
		other.want("1048576", "EVAL_RO", "return redis.call('STRLEN', KEYS[1])", "1", "text")
		other.want("0", "PFCOUNT", "none")
		if n := replies.Load() / int64(strings.Count(call, "*")); n > 20 {
			t.Errorf("%.30q: %d messages of a megabyte wait", call, n)
		}
		close(release)
		done.Wait()
		until(t, "all is heard", func() bool { return heard.Load() == int64((i+1)*times) })
	}
	listens.Wait()
}
