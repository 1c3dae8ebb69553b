package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	parallelBound = 1 / 1.5
	drivers       = 32 // connections
	driverCalls   = 64 // of a pipeline
	driverBatches = 48 // that a connection sends in turn: their calls are made beforehand
)

// driven is what a run of drive has shown.
type driven struct {
	perSecond    float64
	server, load float64 // us of CPU per call: the server's, the load program's
}

// runParallel compares one reactor with two, under load from a unix socket. The load shares two processors
// with the server, so it has to cost little: its calls are made beforehand, and their replies are only counted.
func runParallel(s *kit.Servers, o options) (missed int, err error) {
	const name = "time on two reactors over one, token bucket"
	if !o.wants(name) {
		return 0, nil
	}
	var servers [2]*harness.Server
	var results [2][]driven
	var loads [drivers][][]byte
	for i := range servers {
		if servers[i], err = s.Kring("--reactors", strconv.Itoa(i+1), "--unixsocket", "kring.sock"); err != nil {
			return 0, err
		}
		sha, err := load(servers[i], bucket)
		if err != nil {
			return 0, err
		}
		for d := range loads {
			loads[d] = batchesOf(sha, o.keys)
		}
		servers[i].Network, servers[i].Addr = "unix", filepath.Join(servers[i].Dir, "kring.sock")
	}
	for range max(o.rounds, 3) {
		for i, srv := range servers {
			res, err := drive(srv, &loads, 2*o.requests)
			if err != nil {
				return 0, err
			}
			results[i] = append(results[i], res)
		}
	}
	median := func(i int, get func(d driven) float64) float64 {
		var values []float64
		for _, d := range results[i] {
			values = append(values, get(d))
		}
		return kit.Median(values)
	}
	about := ""
	for i := range results {
		about += fmt.Sprintf("%d: %.0f k/s, CPU of a call %.2f us, %.2f of the load; ", i+1, median(i, func(d driven) float64 { return d.perSecond / 1000 }),
			median(i, func(d driven) float64 { return d.server }), median(i, func(d driven) float64 { return d.load }))
	}
	rate := func(d driven) float64 { return d.perSecond }
	return judge(name, median(0, rate)/median(1, rate), parallelBound, "times", about+"wants idle processors"), nil
}

// batchesOf makes pipelines of calls of the token bucket, each with a key of its own.
func batchesOf(sha string, keys int) (batches [][]byte) {
	for range driverBatches {
		var b []byte
		for range driverCalls {
			key := kit.Padded(nil, "bucket:", rand.IntN(keys))
			now := kit.Padded(nil, "1", rand.IntN(keys))
			b = kit.AppendCommand(b, []byte("EVALSHA"), []byte(sha), []byte("1"), key, []byte("10"), []byte("100"), now, []byte("1"))
		}
		batches = append(batches, b)
	}
	return batches
}

// drive sends so many calls, which reply arrays, over all connections at once.
func drive(srv *harness.Server, batches *[drivers][][]byte, calls int) (d driven, err error) {
	var conns [drivers]net.Conn
	for i := range conns {
		if conns[i], err = net.Dial(srv.Network, srv.Addr); err != nil {
			return d, err
		}
		defer conns[i].Close()
	}
	rounds := max(1, calls/drivers/driverCalls)
	user0, sys0, err := srv.CPUSplit()
	if err != nil {
		return d, err
	}
	self := harness.Server{PID: os.Getpid()}
	ownUser0, ownSys0, err := self.CPUSplit()
	if err != nil {
		return d, err
	}
	begin := time.Now()
	ended := make(chan error, drivers)
	for i := range conns {
		go func() { ended <- driveOne(conns[i], batches[i], rounds) }()
	}
	for range conns {
		if e := <-ended; e != nil {
			err = e
		}
	}
	if err != nil {
		return d, err
	}
	took := time.Since(begin)
	user1, sys1, err := srv.CPUSplit()
	if err != nil {
		return d, err
	}
	ownUser1, ownSys1, err := self.CPUSplit()
	n := float64(rounds * drivers * driverCalls)
	d.perSecond = n / took.Seconds()
	d.server = float64((user1 - user0 + sys1 - sys0).Microseconds()) / n
	d.load = float64((ownUser1 - ownUser0 + ownSys1 - ownSys0).Microseconds()) / n
	return d, err
}

// driveOne sends so many pipelines over a connection, one after the other.
func driveOne(conn net.Conn, batches [][]byte, rounds int) error {
	in := make([]byte, 64<<10)
	if err := conn.SetDeadline(time.Now().Add(kit.FillTimeout)); err != nil {
		return err
	}
	for round := range rounds {
		if _, err := conn.Write(batches[round%len(batches)]); err != nil {
			return err
		}
		for replies := 0; replies < driverCalls; {
			n, err := conn.Read(in)
			if err != nil {
				return err
			}
			if bytes.IndexByte(in[:n], '-') >= 0 {
				return fmt.Errorf("reply %q", in[:min(n, 200)])
			}
			replies += bytes.Count(in[:n], []byte("*"))
		}
	}
	return nil
}
