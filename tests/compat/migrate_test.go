package compat

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
	"github.com/kringdb/kring/tests/internal/rawclient"
)

// migrateSide starts one of the servers, with a payload that both read.
func migrateSide(t *testing.T, oracle bool, args ...string) *Side {
	args = append(serverArgs(), args...)
	if oracle {
		return launchWith(t, harness.OracleBin(t), t.TempDir(), args...)
	}
	return launchWith(t, harness.SubjectBin(t), t.TempDir(), append(args, "--rdb-version", "10")...)
}

// TestMigrateBothWays moves all keys of generated data, in batches, from Kring to redis-server,
// back, and to another Kring: nothing is lost, nothing stays behind.
func TestMigrateBothWays(t *testing.T) {
	seed := envNumber(t, "COMPAT_SEED", time.Now().UnixNano()%1_000_000_000)
	t.Logf("seed %d", seed)
	sides := []*Side{migrateSide(t, false), migrateSide(t, true, "--requirepass", "pw"), migrateSide(t, false), migrateSide(t, false)}
	writeSequences(sides[0], uint64(seed))
	want := dumpOf(t, sides[0])
	for i := range 3 {
		from, to := sides[i], sides[i+1]
		if i == 1 { // redis-server wants its password
			if err := login(from, "pw"); err != nil {
				t.Fatal(err)
			}
		}
		moveAll(t, from, to, i == 0)
		if i == 0 {
			if err := login(to, "pw"); err != nil {
				t.Fatal(err)
			}
		}
		got := dumpOf(t, to)
		if i == 0 {
			compareDumps(t, "on redis-server: first it, then what was there", got, want)
			continue
		}
		first := want
		compareDumps(t, "on Kring: what was there, then it", first, got)
	}
	for _, s := range sides {
		endSide(t, s)
	}
}

// login opens the connection for dumps with a password.
func login(s *Side, password string) error {
	if s.ctl == nil {
		c, err := s.Server.Dial()
		if err != nil {
			return err
		}
		s.ctl = c
	}
	if _, err := s.ctl.Do("AUTH", password); err != nil {
		return err
	}
	for i := range s.conns {
		if s.conns[i] == nil {
			if err := s.redial(i); err != nil {
				return err
			}
		}
	}
	return nil
}

func moveAll(t *testing.T, from, to *Side, auth bool) {
	t.Helper()
	all, err := from.Dump()
	if err != nil {
		t.Fatal(err)
	}
	for db := range databasesCount {
		var keys []string
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if in, key, _ := strings.Cut(name, "/"); in == strconv.Itoa(db) {
				keys = append(keys, key)
			}
		}
		if _, err := from.ctl.Do("SELECT", strconv.Itoa(db)); err != nil {
			t.Fatal(err)
		}
		for batch := range slices.Chunk(keys, 7) {
			args := []string{"MIGRATE", "127.0.0.1", fmt.Sprint(to.Server.Port), "", strconv.Itoa(db), "60000"}
			if auth {
				args = append(args, "AUTH", "pw")
			}
			if v, err := from.ctl.Do(append(append(args, "KEYS"), batch...)...); err != nil || v.Str != "OK" {
				t.Fatalf("%q: %v %v", args, v, err)
			}
		}
		if v, err := from.ctl.Do("DBSIZE"); err != nil || v.Int != 0 {
			t.Fatalf("database %d: %v keys stayed behind %v", db, v, err)
		}
	}
}

// TestMigrateReplies compares the replies of both servers, with the same target, and what is
// left on either end.
func TestMigrateReplies(t *testing.T) {
	target := migrateSide(t, true)
	locked := migrateSide(t, true, "--requirepass", "pw")
	at, lock := fmt.Sprint(target.Server.Port), fmt.Sprint(locked.Server.Port)
	free, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	if err := target.connect(); err != nil {
		t.Fatal(err)
	}
	var outs [2][]string
	for i, oracle := range []bool{true, false} {
		side := migrateSide(t, oracle)
		if err := side.connect(); err != nil {
			t.Fatal(err)
		}
		run := func(c *rawclient.Client, line string) {
			t.Helper()
			v, err := c.DoLine(line)
			if err != nil {
				t.Fatal(line, err)
			}
			line = strings.NewReplacer(at, "AT", lock, "LOCKED").Replace(line)
			outs[i] = append(outs[i], line+": "+v.String())
		}
		run(target.ctl, "FLUSHALL")
		run(target.ctl, "SET there 1")
		for _, line := range []string{
			"MSET a 1 b 2 c 3 there 2 e 5", "PEXPIRE b 100000",
			"MIGRATE 127.0.0.1 " + at + " nokey 0 1000", "MIGRATE 127.0.0.1 " + at, "MIGRATE 127.0.0.1 " + at + " a 0 1000 bogus",
			"MIGRATE 127.0.0.1 " + at + " a x 1000", "MIGRATE 127.0.0.1 " + at + " a 0 x", "MIGRATE 127.0.0.1 " + at + " a 0 1000 AUTH",
			"MIGRATE 127.0.0.1 " + at + " a 0 1000 AUTH2 x", "MIGRATE 127.0.0.1 " + at + " a 0 1000 KEYS b", "MIGRATE 127.0.0.1 " + at + ` "" 0 1000 KEYS`,
			fmt.Sprintf("MIGRATE 127.0.0.1 %s a 0 1000 COPY", at), fmt.Sprintf("MIGRATE 127.0.0.1 %s a 0 1000 COPY", at),
			fmt.Sprintf("MIGRATE 127.0.0.1 %s a 0 1000 COPY REPLACE", at), "EXISTS a",
			fmt.Sprintf("MIGRATE 127.0.0.1 %s b 3 1000", at), "EXISTS b",
			fmt.Sprintf("MIGRATE 127.0.0.1 %s there 0 1000", at), "EXISTS there", fmt.Sprintf("MIGRATE 127.0.0.1 %s there 99 1000", at), "EXISTS there",
			fmt.Sprintf(`MIGRATE 127.0.0.1 %s "" 0 1000 KEYS c there e nokey`, at), "EXISTS c there e",
			fmt.Sprintf(`MIGRATE 127.0.0.1 %s "" 0 1000 REPLACE KEYS there`, at), "EXISTS there",
			"SET k v", fmt.Sprintf("MIGRATE 127.0.0.1 %s k 0 1000", lock), fmt.Sprintf("MIGRATE 127.0.0.1 %s k 0 1000 AUTH wrong", lock), "EXISTS k",
			fmt.Sprintf("MIGRATE 127.0.0.1 %s k 0 1000 COPY AUTH pw", lock), fmt.Sprintf("MIGRATE 127.0.0.1 %s k 0 1000 REPLACE AUTH2 default pw", lock),
			"EXISTS k",
			"COMMAND GETKEYS MIGRATE h 1 k 0 1", `COMMAND GETKEYS MIGRATE h 1 "" 0 1 KEYS a b`, "KEYS *",
		} {
			run(side.ctl, line)
		}
		run(target.ctl, "SELECT 3")
		run(target.ctl, "GET b")
		run(target.ctl, "SELECT 0")
		run(target.ctl, "MGET a c e there")
		if err := login(locked, "pw"); err != nil {
			t.Fatal(err)
		}
		run(locked.ctl, "FLUSHALL")
		endSide(t, side)
	}
	for i := range outs[0] {
		if outs[0][i] != outs[1][i] {
			t.Errorf("redis-server %s\n       kring %s", outs[0][i], outs[1][i])
		}
	}
	// Nobody listens: redis-server says at which step it noticed, by chance.
	side := migrateSide(t, false)
	if err := side.connect(); err != nil {
		t.Fatal(err)
	}
	if v, err := side.ctl.DoLine("SET k v"); err != nil || v.Str != "OK" {
		t.Fatal(v, err)
	}
	if v, err := side.ctl.DoLine(fmt.Sprintf("MIGRATE 127.0.0.1 %d k 0 1000", free)); err != nil || !strings.HasPrefix(v.Str, "IOERR error or timeout ") {
		t.Error(v, err)
	}
	if v, err := side.ctl.DoLine("EXISTS k"); err != nil || v.Int != 1 {
		t.Error(v, err)
	}
	for _, s := range []*Side{side, target, locked} {
		endSide(t, s)
	}
}

// TestMigrateOfBusyKeys moves counters while clients count on both ends: no count is lost,
// whichever side it was made on.
func TestMigrateOfBusyKeys(t *testing.T) {
	from, to := migrateSide(t, false), migrateSide(t, true)
	for _, s := range []*Side{from, to} {
		if err := s.connect(); err != nil {
			t.Fatal(err)
		}
	}
	stop, counted := make(chan struct{}), make(chan int64, 4)
	for range cap(counted) {
		go func() {
			c, err := from.Server.Dial()
			n := int64(0)
			for err == nil {
				select {
				case <-stop:
					counted <- n
					c.Close()
					return
				default:
					if _, err = c.Do("RPUSH", fmt.Sprint("list", n%8), "x"); err == nil {
						n++
					}
				}
			}
			counted <- -1 << 40
		}()
	}
	sum := int64(0)
	for round := range 200 {
		key := fmt.Sprint("list", round%8)
		v, err := from.ctl.Do("MIGRATE", "127.0.0.1", fmt.Sprint(to.Server.Port), key, "0", "60000")
		if err != nil || v.IsError() {
			t.Fatal(v, err)
		}
		if v.Str != "OK" {
			continue
		}
		if v, err = to.ctl.Do("LLEN", key); err != nil {
			t.Fatal(v, err)
		}
		sum += v.Int
		if v, err = to.ctl.Do("DEL", key); err != nil {
			t.Fatal(v, err)
		}
	}
	close(stop)
	want := int64(0)
	for range cap(counted) {
		want += <-counted
	}
	for i := range 8 {
		v, err := from.ctl.Do("LLEN", fmt.Sprint("list", i))
		if err != nil {
			t.Fatal(err)
		}
		sum += v.Int
	}
	if sum != want {
		t.Errorf("of %d elements there are %d", want, sum)
	}
	endSide(t, from)
	endSide(t, to)
}
