package main

import (
	"bufio"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	delRatioBound = 1.0 / 20
	delKeys       = 100_000 // what the GETs read
	delSettle     = time.Second
)

type delOptions struct{ elements, clients int }

// bigValue is a collection that is deleted: how element i is added.
type bigValue struct {
	name string
	add  func(dst []byte, i int) []byte
}

var bigValues = []bigValue{
	{"hash", func(dst []byte, i int) []byte {
		return kit.AppendCommand(dst, []byte("HSET"), []byte("big"), kit.Padded(nil, "fld:", i), []byte("0123456789abcdef"))
	}},
	{"sorted set", func(dst []byte, i int) []byte {
		return kit.AppendCommand(dst, []byte("ZADD"), []byte("big"), strconv.AppendInt(nil, int64(i*7919%1_000_003), 10), kit.Padded(nil, "mem:", i))
	}},
}

// runDel deletes a collection of millions beside the GETs of other clients, and compares
// the worst latency that these see.
func runDel(s *kit.Servers, o delOptions) (missed int, err error) {
	fmt.Printf("DEL of %d elements beside %d clients' GETs\n  %-22s %10s %12s %12s %12s\n", o.elements, o.clients, "", "GETs", "DEL", "worst GET", "canary")
	for _, big := range bigValues {
		var worst [2]time.Duration
		for i, start := range []func(...string) (*harness.Server, error){s.Redis, s.Kring} {
			srv, err := start()
			if err != nil {
				return 0, err
			}
			spec := kit.FillSpec{Keys: delKeys, Key: kit.BenchKey, Value: []byte(strings.Repeat("v", stallValueBytes))}
			if err := kit.Fill(srv, spec); err != nil {
				return 0, err
			}
			if err := kit.Pipe(srv, kit.PipeSpec{Count: o.elements, Command: big.add}); err != nil {
				return 0, err
			}
			canary := kit.NewCanary()
			samples, took, err := measureDel(srv, o)
			pause := canary.End()
			if err != nil {
				return 0, fmt.Errorf("%s: %w", srv.Name, err)
			}
			samples.Sort()
			worst[i] = samples.Max()
			fmt.Printf("  %-15s %-6s %10d %12v %12v %12v\n", big.name, srv.Name, len(samples), took.Round(time.Microsecond), worst[i], pause.Round(time.Microsecond))
			s.End()
		}
		ratio := float64(worst[1]) / float64(worst[0])
		ok := ratio <= delRatioBound
		if !ok {
			missed++
		}
		fmt.Printf("  %s: ratio of the worst %.4f (bound %.4f) %s\n", big.name, ratio, delRatioBound, kit.Verdict(ok))
	}
	return missed, nil
}

// measureDel runs the GETs, deletes once, and lets the GETs run on while the memory is
// freed.
func measureDel(srv *harness.Server, o delOptions) (all kit.Samples, took time.Duration, err error) {
	var stop atomic.Bool
	var wg sync.WaitGroup
	each := make([]kit.Samples, o.clients)
	errs := make([]error, o.clients+1)
	for i := range each {
		wg.Go(func() { each[i], errs[i] = getLoop(srv, delKeys, uint64(i), &stop) })
	}
	time.Sleep(delSettle) // GETs before the DEL are part of the measurement
	took, errs[o.clients] = delOnce(srv)
	time.Sleep(delSettle) // and GETs while the server frees in the background
	stop.Store(true)
	wg.Wait()
	for i, e := range errs {
		if e != nil {
			return nil, 0, e
		}
		if i < o.clients {
			all = append(all, each[i]...)
		}
	}
	return all, took, nil
}

func delOnce(srv *harness.Server) (time.Duration, error) {
	conn, err := net.Dial(srv.Network, srv.Addr)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(readTimeout)); err != nil {
		return 0, err
	}
	begin := time.Now()
	if _, err := conn.Write(kit.AppendCommand(nil, []byte("DEL"), []byte("big"))); err != nil {
		return 0, err
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && line != ":1\r\n" {
		err = fmt.Errorf("DEL replied %q", line)
	}
	return time.Since(begin), err
}
