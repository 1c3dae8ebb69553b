package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kringdb/kring/tests/internal/browser"
	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	// infoBound is what INFO may cost of redis-server's CPU.
	infoBound = 2.0
	// paceOfMonitors is how often an eager monitor asks, pacedCalls how many times it does so here.
	paceOfMonitors = 100 * time.Millisecond
	pacedCalls     = 40
	// pingEvery is how often the client pings that is not to notice.
	pingEvery = time.Millisecond
)

// infoSections are the arguments of INFO that are measured; "" is none.
var infoSections = []string{"", "replication", "memory", "commandstats", "everything"}

// infoCosts compares the CPU of INFO with redis-server's: calls one after the other, and with a
// pause between them, as monitors make them.
func infoCosts(s *kit.Servers, c config) (ok bool, err error) {
	redis, err := s.Redis()
	if err != nil {
		return false, err
	}
	kring, err := s.Kring()
	if err != nil {
		return false, err
	}
	kit.Banner(redis, kring)
	servers := []*harness.Server{redis, kring}
	for _, srv := range servers {
		if err := prepareInfo(srv); err != nil {
			return false, err
		}
	}
	fmt.Printf("\n%-24s %10s %10s %7s   one call after the other, us of CPU each; medians of %d rounds\n", "INFO", "redis", "kring", "ratio", c.rounds)
	if ok, err = compareInfo(servers, c); err != nil {
		return false, err
	}
	fmt.Printf("\n%-24s %10s %10s %7s   every %v, us of CPU each, with what waking up and resting take: compare PING\n", "", "redis", "kring", "ratio", paceOfMonitors)
	for _, call := range []string{"PING", "INFO", "INFO everything"} {
		redis, kring, err := medians(servers, c.rounds, func(srv *harness.Server) (float64, error) { return paced(srv, strings.Fields(call)) })
		if err != nil {
			return false, err
		}
		fmt.Printf("%-24s %10.1f %10.1f %7.2f\n", call, redis, kring, kring/redis)
	}
	return ok, nil
}

// prepareInfo has the server know calls of many kinds, and keys.
func prepareInfo(srv *harness.Server) error {
	if err := kit.Fill(srv, kit.FillSpec{Keys: 10_000, Key: kit.BenchKey, Value: []byte(strings.Repeat("x", 64))}); err != nil {
		return err
	}
	conn, err := srv.Dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	return browser.Prepare(conn)
}

// compareInfo prints a row for each section.
func compareInfo(servers []*harness.Server, c config) (ok bool, err error) {
	ok = true
	for _, section := range infoSections {
		redis, kring, err := medians(servers, c.rounds, func(srv *harness.Server) (float64, error) { return infoLoop(srv, section, c.calls) })
		if err != nil {
			return false, err
		}
		kept := kring <= infoBound*redis
		ok = ok && kept
		fmt.Printf("%-24s %10.1f %10.1f %7.2f   (bound %.0f) %s\n", section, redis, kring, kring/redis, infoBound, kit.Verdict(kept))
	}
	return ok, nil
}

// medians measures both servers in turn.
func medians(servers []*harness.Server, rounds int, measure func(*harness.Server) (float64, error)) (first, second float64, err error) {
	costs := make([][]float64, len(servers))
	for range rounds {
		for i, srv := range servers {
			cost, err := measure(srv)
			if err != nil {
				return 0, 0, err
			}
			costs[i] = append(costs[i], cost)
		}
	}
	return kit.Median(costs[0]), kit.Median(costs[1]), nil
}

func infoCall(section string) []string {
	if section == "" {
		return []string{"INFO"}
	}
	return []string{"INFO", section}
}

// infoLoop is the CPU of a call when one follows the other.
func infoLoop(srv *harness.Server, section string, calls int) (float64, error) {
	conn, err := srv.Dial()
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	before, err := srv.CPU()
	if err != nil {
		return 0, err
	}
	for range calls {
		if _, err := conn.Do(infoCall(section)...); err != nil {
			return 0, err
		}
	}
	after, err := srv.CPU()
	return float64((after - before).Microseconds()) / float64(calls), err
}

// paced is the CPU of a call when there are pauses between them, with the pauses.
func paced(srv *harness.Server, call []string) (float64, error) {
	conn, err := srv.Dial()
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	before, err := threadTimes(srv)
	if err != nil {
		return 0, err
	}
	for range pacedCalls {
		time.Sleep(paceOfMonitors)
		if _, err := conn.Do(call...); err != nil {
			return 0, err
		}
	}
	after, err := threadTimes(srv)
	return float64((after - before).Microseconds()) / pacedCalls, err
}

// threadTimes is the CPU that the server's threads have used. It is finer than the process's account,
// which counts hundredths of a second, but lacks threads that have ended.
func threadTimes(srv *harness.Server) (sum time.Duration, err error) {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", srv.PID))
	if err != nil || len(files) == 0 {
		return 0, fmt.Errorf("no threads of process %d are shown: %v", srv.PID, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return 0, err
		}
		var nanos int64
		if _, err := fmt.Sscan(string(text), &nanos); err != nil {
			return 0, err
		}
		sum += time.Duration(nanos)
	}
	return sum, nil
}

// infoBeside prints the times of a client that pings while another asks for INFO in a loop.
func infoBeside(s *kit.Servers, c config) (bool, error) {
	redis, err := s.Redis()
	if err != nil {
		return false, err
	}
	reactor, err := s.Kring("--io-model", "reactor")
	if err != nil {
		return false, err
	}
	goroutine, err := s.Kring("--io-model", "goroutine")
	if err != nil {
		return false, err
	}
	fmt.Printf("\nPING every %v beside a client that asks in a loop    p50, p99, p99.9, longest\n", pingEvery)
	for _, row := range []struct {
		name string
		srv  *harness.Server
	}{{"redis", redis}, {"kring, reactor", reactor}, {"kring, goroutine", goroutine}} {
		if err := prepareInfo(row.srv); err != nil {
			return false, err
		}
		for _, beside := range [][]string{nil, {"INFO"}, {"INFO", "everything"}} {
			times, err := pingBeside(row.srv, beside, c.pings)
			if err != nil {
				return false, err
			}
			fmt.Printf("%-18s %-18s %9v %9v %9v %9v\n", row.name, strings.Join(beside, " "), round(times.At(50)), round(times.At(99)), round(times.At(99.9)), round(times.Max()))
		}
	}
	return true, nil
}

func round(d time.Duration) time.Duration { return d.Round(time.Microsecond) }

// pingBeside takes the times of PINGs while another client makes a call in a loop.
func pingBeside(srv *harness.Server, call []string, pings int) (kit.Samples, error) {
	runtime.GC() // what went before is not to be collected meanwhile
	var stop atomic.Bool
	ended := make(chan error, 1)
	asker, err := net.Dial(srv.Network, srv.Addr)
	if err != nil {
		return nil, err
	}
	defer asker.Close()
	go func() { ended <- ask(asker, call, &stop) }()
	times, err := pingTimes(srv, pings)
	stop.Store(true)
	if failed := <-ended; err == nil {
		err = failed
	}
	return times, err
}

// ask makes a call whose reply is one text, again and again until it is told to stop. It makes no garbage: this program's
// collector would keep the pings waiting, for a millisecond at p99.
func ask(conn net.Conn, call []string, stop *atomic.Bool) error {
	if call == nil {
		return nil
	}
	text := []byte(strings.Join(call, " ") + "\r\n")
	in := bufio.NewReader(conn)
	for !stop.Load() {
		if _, err := conn.Write(text); err != nil {
			return err
		}
		head, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size := 0
		for _, c := range bytes.TrimPrefix(bytes.TrimSpace(head), []byte("$")) {
			if c < '0' || c > '9' {
				return fmt.Errorf("%s is answered by %q", text, head)
			}
			size = 10*size + int(c-'0')
		}
		if _, err := in.Discard(size + len("\r\n")); err != nil {
			return err
		}
	}
	return nil
}

func pingTimes(srv *harness.Server, pings int) (kit.Samples, error) {
	conn, err := srv.Dial()
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	times := make(kit.Samples, 0, pings)
	for range pings {
		time.Sleep(pingEvery)
		begin := time.Now()
		if _, err := conn.Do("PING"); err != nil {
			return nil, err
		}
		times = append(times, time.Since(begin))
	}
	times.Sort()
	return times, nil
}
