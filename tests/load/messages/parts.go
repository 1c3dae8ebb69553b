package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	channel     = "news"
	payload     = "0123456789abcdef0123456789abcdef"
	partTimeout = 2 * time.Minute
	txClients   = 10
	txPipeline  = 16 // transactions per write
	password    = "watched"
)

// message is what a subscriber receives for one PUBLISH.
var message = kit.AppendCommand(nil, []byte("message"), []byte(channel), []byte(payload))

func dial(srv *harness.Server) (net.Conn, error) {
	c, err := net.Dial(srv.Network, srv.Addr)
	if err == nil {
		err = c.SetDeadline(time.Now().Add(partTimeout))
	}
	return c, err
}

// micros is the server's CPU since before, per unit.
func micros(srv *harness.Server, before time.Duration, units int) (float64, error) {
	after, err := srv.CPU()
	return float64((after - before).Nanoseconds()) / 1000 / float64(units), err
}

// deliver publishes to many subscribers, pipeline messages at a time, and waits until all
// have all of them.
func deliver(srv *harness.Server, o options, pipeline int) (float64, error) {
	messages := o.messages / pipeline * pipeline
	var ready, done sync.WaitGroup
	errs := make(chan error, o.subscribers)
	for range o.subscribers {
		ready.Add(1)
		done.Go(func() {
			if err := subscribe(srv, messages, ready.Done); err != nil {
				errs <- err
			}
		})
	}
	ready.Wait()
	c, err := dial(srv)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	before, err := srv.CPU()
	if err != nil {
		return 0, err
	}
	one := kit.AppendCommand(nil, []byte("PUBLISH"), []byte(channel), []byte(payload))
	out, r := bytes.Repeat(one, pipeline), bufio.NewReader(c)
	for range messages / pipeline {
		if _, err := c.Write(out); err != nil {
			return 0, err
		}
		for range pipeline {
			line, err := r.ReadString('\n')
			if want := ":" + strconv.Itoa(o.subscribers) + "\r\n"; err != nil || line != want {
				return 0, fmt.Errorf("PUBLISH replied %q, %v", line, err)
			}
		}
	}
	done.Wait()
	select {
	case err := <-errs:
		return 0, err
	default:
	}
	return micros(srv, before, messages*o.subscribers)
}

// subscribe reads so many messages; ready is called when the subscription stands.
func subscribe(srv *harness.Server, messages int, ready func()) error {
	c, err := dial(srv)
	if err == nil {
		defer c.Close()
		_, err = c.Write(kit.AppendCommand(nil, []byte("SUBSCRIBE"), []byte(channel)))
	}
	if err != nil {
		ready()
		return err
	}
	confirm := "*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n"
	buf := make([]byte, len(confirm))
	_, err = io.ReadFull(c, buf)
	ready()
	if err != nil || string(buf) != confirm {
		return fmt.Errorf("SUBSCRIBE replied %q, %v", buf, err)
	}
	n, err := io.Copy(io.Discard, io.LimitReader(c, int64(messages*len(message))))
	if err == nil && n < int64(messages*len(message)) {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func publish(srv *harness.Server, o options) (float64, error) {
	r, err := kit.Bench(srv, o.requests, "-c", "50", "-P", "64", "PUBLISH", "nobody", payload)
	return r.CPUMicros, err
}

// transactions sends MULTI, SET, INCR, GET, EXEC in pipelines over several connections.
func transactions(srv *harness.Server, o options) (float64, error) {
	each := o.requests / 10 / txClients / txPipeline * txPipeline
	before, err := srv.CPU()
	if err != nil {
		return 0, err
	}
	var wg sync.WaitGroup
	errs := make([]error, txClients)
	for i := range txClients {
		wg.Go(func() { errs[i] = transact(srv, i, each) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return 0, err
		}
	}
	return micros(srv, before, each*txClients)
}

func transact(srv *harness.Server, client, count int) error {
	c, err := dial(srv)
	if err != nil {
		return err
	}
	defer c.Close()
	key, counter := []byte("tx:"+strconv.Itoa(client)), []byte("count:"+strconv.Itoa(client))
	var out []byte
	for range txPipeline {
		out = kit.AppendCommand(out, []byte("MULTI"))
		out = kit.AppendCommand(out, []byte("SET"), key, []byte("value"))
		out = kit.AppendCommand(out, []byte("INCR"), counter)
		out = kit.AppendCommand(out, []byte("GET"), key)
		out = kit.AppendCommand(out, []byte("EXEC"))
	}
	in, last := make([]byte, 64<<10), []byte("value\r\n")
	for range count / txPipeline {
		if _, err := c.Write(out); err != nil {
			return err
		}
		// Each transaction ends with the value, and nothing else does. One may come in two reads.
		for seen, kept := 0, 0; seen < txPipeline; {
			n, err := c.Read(in[kept:])
			if err != nil {
				return err
			}
			got := in[:kept+n]
			if bytes.IndexByte(got, '-') >= 0 {
				return fmt.Errorf("reply %q", got[:min(len(got), 200)])
			}
			seen += bytes.Count(got, last)
			kept = copy(in, got[max(len(got)-len(last)+1, 0):])
		}
	}
	return nil
}

// getWatched is GET by a user with limited rights while everything is counted; the other
// server has its defaults.
func getWatched(srv *harness.Server, o options) (float64, error) {
	args := []string{"-c", "50", "-P", "64", "-r", strconv.Itoa(o.keys)}
	if srv.IsKring() {
		c, err := srv.Dial()
		if err != nil {
			return 0, err
		}
		defer c.Close()
		for _, call := range [][]string{
			{"ACL", "SETUSER", "reader", "on", ">" + password, "~key:*", "+@read", "+@connection", "+config|get"},
			{"CONFIG", "SET", "slowlog-log-slower-than", "10000", "latency-tracking", "yes", "latency-monitor-threshold", "100"},
		} {
			v, err := c.Do(call...)
			if err != nil || v.Str != "OK" {
				return 0, fmt.Errorf("%v: %v, %v", call, v, err)
			}
		}
		args = append(args, "--user", "reader", "-a", password)
	}
	r, err := kit.Bench(srv, o.requests, append(args, "GET", "key:__rand_int__")...)
	return r.CPUMicros, err
}
