package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

// smallElements is how many elements each value of the small shapes has.
const smallElements = 5

// smallShape is one kind of small data: the command that makes value i, and how many bytes per
// key Kring may grow by with so many keys; 0 where only Redis in the same run is the bound.
type smallShape struct {
	name   string
	args   func(i int) [][]byte
	bounds map[int]float64
}

// smallShapes are values of a size that most programs store.
var smallShapes = []smallShape{
	{"strings of 64 bytes", func(i int) [][]byte {
		return [][]byte{[]byte("SET"), kit.BenchKey(nil, i), []byte(strings.Repeat("v", 64))}
	}, map[int]float64{10_000: 80 + 130, 100_000: 80 + 45}},
	{"hashes of five fields", func(i int) [][]byte {
		return elements("HSET", i, func(j int) []string { return []string{"f" + strconv.Itoa(j), fmt.Sprintf("value%05d", j)} })
	}, map[int]float64{1000: 450, 10_000: 190, 100_000: 120}},
	{"sets of five members", func(i int) [][]byte {
		return elements("SADD", i, func(j int) []string { return []string{"member" + strconv.Itoa(j)} })
	}, nil},
	{"lists of five elements", func(i int) [][]byte {
		return elements("RPUSH", i, func(j int) []string { return []string{fmt.Sprintf("item%05d", j)} })
	}, nil},
	{"sorted sets of five", func(i int) [][]byte {
		return elements("ZADD", i, func(j int) []string { return []string{strconv.Itoa(j), "member" + strconv.Itoa(j)} })
	}, nil},
}

func elements(command string, i int, of func(j int) []string) [][]byte {
	args := [][]byte{[]byte(command), kit.BenchKey(nil, i)}
	for j := range smallElements {
		for _, word := range of(j) {
			args = append(args, []byte(word))
		}
	}
	return args
}

// smallReading is the resident set of a server, empty and filled.
type smallReading struct{ empty, full int64 }

func (r smallReading) perKey(keys int) float64 { return float64(r.full-r.empty) / float64(keys) }

// runSmall shows the growth per key and the whole resident set for a few keys and for many. The
// bound is that Kring takes no more than Redis as a whole, and what a shape says.
func runSmall(s *kit.Servers, most int, strict bool) error {
	missed := 0
	fmt.Printf("%-24s %9s %12s %12s %10s %10s %7s\n", "", "keys", "kring B/key", "redis B/key", "kring MB", "redis MB", "bound")
	for _, sh := range smallShapes {
		for keys := 1000; keys <= most; keys *= 10 {
			var got [2]smallReading
			for i, start := range []func(...string) (*harness.Server, error){s.Kring, s.Redis} {
				var err error
				if got[i], err = fillSmall(start, sh, keys); err != nil {
					return fmt.Errorf("%s: %w", sh.name, err)
				}
				s.End()
			}
			per, bound := got[0].perKey(keys), ""
			ok := got[0].full <= got[1].full
			if b := sh.bounds[keys]; b > 0 {
				bound = fmt.Sprintf("%.0f", b)
				ok = ok && per <= b
			}
			if !ok {
				missed++
			}
			fmt.Printf("%-24s %9d %12.0f %12.0f %10.1f %10.1f %7s  %s\n", sh.name, keys, per, got[1].perKey(keys),
				float64(got[0].full)/millionthsOfBytes, float64(got[1].full)/millionthsOfBytes, bound, kit.Verdict(ok))
		}
	}
	if strict && missed > 0 {
		return errors.New("bounds missed")
	}
	return nil
}

// settle waits until the start is over: until the resident set has been the same for half a second.
func settle(srv *harness.Server) error {
	last, same := int64(0), 0
	for end := time.Now().Add(time.Minute); same < 5 && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		now, err := srv.RSS()
		if err != nil {
			return err
		}
		if same++; now != last {
			last, same = now, 0
		}
	}
	return nil
}

func fillSmall(start func(...string) (*harness.Server, error), sh smallShape, keys int) (r smallReading, err error) {
	srv, err := start()
	if err != nil {
		return r, err
	}
	if err = settle(srv); err != nil {
		return r, err
	}
	if r.empty, err = srv.RSS(); err != nil {
		return r, err
	}
	err = kit.Pipe(srv, kit.PipeSpec{Count: keys, Command: func(dst []byte, i int) []byte {
		return kit.AppendCommand(dst, sh.args(i)...)
	}})
	if err != nil {
		return r, err
	}
	r.full, err = srv.RSS()
	return r, err
}
