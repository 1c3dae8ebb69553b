package main

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	subscribersOfMany = 1000
	subscribedByEach  = 1000
	patternsInAll     = 100_000
	patternPublishes  = 2_000
)

// subscription is one way to a million subscriptions, or to many patterns: command and the
// name that a client's i-th subscription has.
type subscription struct {
	title, command string
	clients, each  int
	name           func(client, i int) string
	publishes      int // afterwards, to a channel that nobody hears
}

var subscriptions = []subscription{
	{"1,000 clients, the same 1,000 channels", "SUBSCRIBE", subscribersOfMany, subscribedByEach,
		func(_, i int) string { return "channel:" + strconv.Itoa(i) }, 400_000},
	{"1,000 clients, 1,000 channels of their own", "SUBSCRIBE", subscribersOfMany, subscribedByEach,
		func(c, i int) string { return "channel:" + strconv.Itoa(c) + ":" + strconv.Itoa(i) }, 400_000},
	{"100,000 patterns user:N:*", "PSUBSCRIBE", 100, patternsInAll / 100,
		func(c, i int) string { return "user:" + strconv.Itoa(c*patternsInAll/100+i) + ":*" }, patternPublishes},
	{"100,000 patterns *:N", "PSUBSCRIBE", 100, patternsInAll / 100,
		func(c, i int) string { return "*:" + strconv.Itoa(c*patternsInAll/100+i) }, patternPublishes},
}

// subscribed is what was measured on one server.
type subscribed struct{ bytes, micros, seconds, publish float64 }

// manySubscriptions compares memory and CPU per subscription and what PUBLISH costs then,
// on a server of each kind for each way.
func manySubscriptions(s *kit.Servers) (missed int, err error) {
	fmt.Printf("\n%-44s %15s %17s %15s %19s\n%-44s %15s %17s %15s %19s\n", "subscriptions", "bytes", "CPU us each", "seconds", "PUBLISH CPU us",
		"", "redis  kring", "redis  kring", "redis  kring", "redis   kring")
	for _, sub := range subscriptions {
		var got [2]subscribed
		for i, start := range []func(...string) (*harness.Server, error){s.Redis, s.Kring} {
			srv, err := start()
			if err != nil {
				return missed, err
			}
			if got[i], err = sub.measure(srv); err != nil {
				return missed, fmt.Errorf("%s on %s: %w", sub.title, srv.Name, err)
			}
			s.End()
		}
		r, k := got[0], got[1]
		ok := k.bytes <= r.bytes && k.publish <= r.publish
		if !ok {
			missed++
		}
		fmt.Printf("%-44s %7.0f %7.0f %8.3f %8.3f %7.2f %7.2f %9.3f %9.3f  %s\n", sub.title,
			r.bytes, k.bytes, r.micros, k.micros, r.seconds, k.seconds, r.publish, k.publish, kit.Verdict(ok))
	}
	return missed, nil
}

func (sub *subscription) measure(srv *harness.Server) (got subscribed, err error) {
	conns := make([]net.Conn, 0, sub.clients)
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	for range sub.clients {
		c, err := dial(srv)
		if err != nil {
			return got, err
		}
		conns = append(conns, c)
		if err := command(c, kit.AppendCommand(nil, []byte("PING")), len("+PONG\r\n")); err != nil {
			return got, err
		}
	}
	rss, err := srv.RSS()
	if err != nil {
		return got, err
	}
	cpu, err := srv.CPU()
	if err != nil {
		return got, err
	}
	begin := time.Now()
	for c, conn := range conns {
		args, replies := [][]byte{[]byte(sub.command)}, 0
		for i := range sub.each {
			name := sub.name(c, i)
			args = append(args, []byte(name))
			replies += len("*3\r\n$9\r\nsubscribe\r\n$\r\n\r\n:\r\n") + len(strconv.Itoa(len(name))) + len(name) + len(strconv.Itoa(i+1))
			if sub.command == "PSUBSCRIBE" {
				replies += len("0p") // $10, psubscribe
			}
		}
		if err := command(conn, kit.AppendCommand(nil, args...), replies); err != nil {
			return got, err
		}
	}
	n := sub.clients * sub.each
	got.seconds = time.Since(begin).Seconds()
	if got.micros, err = micros(srv, cpu, n); err != nil {
		return got, err
	}
	after, err := srv.RSS()
	if err != nil {
		return got, err
	}
	got.bytes = float64(after-rss) / float64(n)
	r, err := kit.Bench(srv, sub.publishes, "-c", "50", "-P", "64", "PUBLISH", "user:none", payload)
	got.publish = r.CPUMicros
	return got, err
}

// command sends a call and reads so many bytes of reply.
func command(c net.Conn, call []byte, reply int) error {
	if _, err := c.Write(call); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, c, int64(reply))
	return err
}
