package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
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
	defaultStallTime = 10 * time.Second
	stallRatioBound  = 1.0 / 20
	stallValueBytes  = 64
	stallKeyBytes    = 16 // of kit.BenchKey
	readTimeout      = 60 * time.Second
	bulkReplyLine    = "$64\r\n"
)

type keysOptions struct {
	keys, clients int
	length        time.Duration
}

// stall is what the GETs of one server saw.
type stall struct {
	samples kit.Samples
	rounds  int64 // KEYS that were answered
}

func runKeys(s *kit.Servers, o keysOptions) (missed int, err error) {
	fmt.Printf("KEYS * over %d keys beside %d clients' GETs, %v each\n", o.keys, o.clients, o.length)
	fmt.Printf("  %-6s %10s %12s %12s %12s %12s %8s %10s\n", "", "GET/s", "p50", "p99", "p99.9", "max", "KEYS", "canary")
	var p999 [2]time.Duration
	for i, start := range []func(...string) (*harness.Server, error){s.Redis, s.Kring} {
		srv, err := start()
		if err != nil {
			return 0, err
		}
		spec := kit.FillSpec{Keys: o.keys, Key: kit.BenchKey, Value: []byte(strings.Repeat("v", stallValueBytes))}
		if err := kit.Fill(srv, spec); err != nil {
			return 0, err
		}
		canary := kit.NewCanary()
		r, err := measureStall(srv, o)
		pause := canary.End()
		if err != nil {
			return 0, fmt.Errorf("%s: %w", srv.Name, err)
		}
		r.samples.Sort()
		p999[i] = r.samples.At(99.9)
		fmt.Printf("  %-6s %10.0f %12v %12v %12v %12v %8d %10v\n", srv.Name, float64(len(r.samples))/o.length.Seconds(),
			r.samples.At(50), r.samples.At(99), p999[i], r.samples.Max(), r.rounds, pause.Round(time.Microsecond))
		s.End()
	}
	ratio := float64(p999[1]) / float64(p999[0])
	ok := ratio <= stallRatioBound
	if !ok {
		missed++
	}
	fmt.Printf("  p99.9 ratio %.4f (bound %.4f) %s\n", ratio, stallRatioBound, kit.Verdict(ok))
	return missed, nil
}

// measureStall runs the GET clients and one KEYS client for the time asked.
func measureStall(srv *harness.Server, o keysOptions) (*stall, error) {
	var stop atomic.Bool
	var wg sync.WaitGroup
	r := &stall{}
	errs := make(chan error, o.clients+1)
	each := make([]kit.Samples, o.clients)
	for i := range each {
		wg.Go(func() {
			var err error
			if each[i], err = getLoop(srv, o.keys, uint64(i), &stop); err != nil {
				errs <- err
			}
		})
	}
	wg.Go(func() {
		n, err := keysLoop(srv, o.keys, &stop)
		r.rounds = n
		if err != nil {
			errs <- err
		}
	})
	time.Sleep(o.length) // the length of the measurement
	stop.Store(true)
	wg.Wait()
	for _, s := range each {
		r.samples = append(r.samples, s...)
	}
	select {
	case err := <-errs:
		return nil, err
	default:
		return r, nil
	}
}

// getLoop asks for random keys, one at a time.
func getLoop(srv *harness.Server, keys int, seed uint64, stop *atomic.Bool) (kit.Samples, error) {
	conn, err := net.Dial(srv.Network, srv.Addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	rnd := rand.New(rand.NewPCG(seed, 1))
	samples := make(kit.Samples, 0, 1<<20)
	out := make([]byte, 0, 64)
	reply := make([]byte, len(bulkReplyLine)+stallValueBytes+2)
	for !stop.Load() {
		out = append(out[:0], "*2\r\n$3\r\nGET\r\n$16\r\n"...)
		out = append(kit.BenchKey(out, rnd.IntN(keys)), '\r', '\n')
		if err := conn.SetDeadline(time.Now().Add(readTimeout)); err != nil {
			return nil, err
		}
		begin := time.Now()
		if _, err := conn.Write(out); err != nil {
			return nil, err
		}
		if _, err := io.ReadFull(conn, reply); err != nil {
			return nil, err
		}
		samples = append(samples, time.Since(begin))
		if string(reply[:len(bulkReplyLine)]) != bulkReplyLine {
			return nil, fmt.Errorf("GET replied %q", reply)
		}
	}
	return samples, nil
}

// keysLoop repeats KEYS * and skips its reply, whose length follows from the keys'.
func keysLoop(srv *harness.Server, keys int, stop *atomic.Bool) (rounds int64, err error) {
	conn, err := net.Dial(srv.Network, srv.Addr)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 256<<10)
	body := int64(keys) * int64(len("$16\r\n")+stallKeyBytes+2)
	for !stop.Load() {
		if err := conn.SetDeadline(time.Now().Add(readTimeout)); err != nil {
			return rounds, err
		}
		if _, err := conn.Write([]byte("*2\r\n$4\r\nKEYS\r\n$1\r\n*\r\n")); err != nil {
			return rounds, err
		}
		line, err := r.ReadString('\n')
		if err != nil {
			return rounds, err
		}
		if want := "*" + strconv.Itoa(keys) + "\r\n"; line != want {
			return rounds, fmt.Errorf("KEYS replied %q, want %q", line, want)
		}
		for left := body; left > 0; {
			n, err := r.Discard(int(min(left, 128<<10)))
			if err != nil {
				return rounds, err
			}
			left -= int64(n)
		}
		rounds++
	}
	return rounds, nil
}
