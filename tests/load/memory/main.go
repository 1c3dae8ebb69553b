// Command memory compares bytes per key of redis-server and Kring: keys of 16 bytes with
// 8- and 64-byte values, with and without a deadline, loaded into a fresh server each.
// Overhead is the growth per key minus key and value, by RSS and by used_memory. With -small
// it compares small values of all types, from 1,000 keys on.
package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/load/internal/kit"
)

const (
	keyBytes          = 16 // of kit.BenchKey
	ttlSeconds        = 1_000_000
	plainBoundBytes   = 28
	ttlBoundBytes     = 40
	emptyBoundBytes   = 12 << 20
	millionthsOfBytes = 1 << 20
)

type shape struct {
	value int
	ttl   bool
}

func (s shape) String() string {
	name := fmt.Sprintf("%d-byte values", s.value)
	if s.ttl {
		name += ", TTL"
	}
	return name
}

// account is what one server says and takes.
type account struct{ rss, used float64 }

func main() {
	keys := flag.Int("keys", 2_000_000, "keys")
	strict := flag.Bool("strict", false, "exit with 1 when a bound is missed")
	redis := flag.Bool("redis", true, "measure redis-server too")
	small := flag.Int("small", 0, "measure strings, hashes, sets, lists and sorted sets from 1,000 keys to so many instead")
	flag.Parse()
	kit.Run(func(s *kit.Servers) error {
		if *small > 0 {
			return runSmall(s, *small, *strict)
		}
		return run(s, *keys, *redis, *strict)
	})
}

func run(s *kit.Servers, keys int, redis, strict bool) error {
	starts := []func(...string) (*harness.Server, error){s.Kring}
	if redis {
		starts = append(starts, s.Redis)
	}
	missed := 0
	fmt.Printf("%d keys of %d bytes; bytes per key beyond key and value\n\n%-22s %-6s %9s %12s %12s %7s\n",
		keys, keyBytes, "", "", "empty MB", "by RSS", "used_memory", "bound")
	for _, sh := range []shape{{8, false}, {64, false}, {8, true}, {64, true}} {
		for i, start := range starts {
			srv, err := start()
			if err != nil {
				return err
			}
			empty, over, err := measure(srv, sh, keys)
			if err != nil {
				return fmt.Errorf("%s: %w", srv.Name, err)
			}
			bound, verdict := "", ""
			if i == 0 {
				limit := float64(plainBoundBytes)
				if sh.ttl {
					limit = ttlBoundBytes
				}
				ok := over.rss <= limit && over.used <= limit && empty.rss < emptyBoundBytes
				if !ok {
					missed++
				}
				bound, verdict = fmt.Sprintf("%.0f", limit), kit.Verdict(ok)
			}
			fmt.Printf("%-22s %-6s %9.1f %12.1f %12.1f %7s  %s\n", sh, srv.Name, empty.rss/millionthsOfBytes, over.rss, over.used, bound, verdict)
			s.End()
		}
	}
	fmt.Printf("\nbound of an empty server: %d MB resident\n", emptyBoundBytes>>20)
	if strict && missed > 0 {
		return errors.New("bounds missed")
	}
	return nil
}

// measure loads one shape and gives the empty server's account and the overhead per key.
func measure(srv *harness.Server, sh shape, keys int) (empty, over account, err error) {
	if err = settle(srv); err != nil {
		return
	}
	if empty, err = read(srv); err != nil {
		return
	}
	spec := kit.FillSpec{Keys: keys, Key: kit.BenchKey, Value: []byte(strings.Repeat("v", sh.value))}
	if sh.ttl {
		spec.TTL = ttlSeconds
	}
	if err = kit.Fill(srv, spec); err != nil {
		return
	}
	full, err := read(srv)
	if err != nil {
		return
	}
	payload := float64(keyBytes + sh.value)
	over.rss = (full.rss-empty.rss)/float64(keys) - payload
	over.used = (full.used-empty.used)/float64(keys) - payload
	return
}

func read(srv *harness.Server) (account, error) {
	rss, err := srv.RSS()
	if err != nil {
		return account{}, err
	}
	used, ok := kit.Number(srv, "used_memory")
	if !ok {
		return account{}, errors.New("INFO tells no used_memory")
	}
	return account{rss: float64(rss), used: used}, nil
}
