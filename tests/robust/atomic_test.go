package robust

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/kringdb/kring/tests/internal/rawclient"
)

// together runs workers, each with a connection of its own, until the first one (the
// measure) is done.
func together(t *testing.T, dial func() *rawclient.Client, measure func(c *rawclient.Client), workers ...func(c *rawclient.Client) error) {
	t.Helper()
	var stop atomic.Bool
	var wg sync.WaitGroup
	for _, fn := range workers {
		c := dial()
		wg.Go(func() {
			for !stop.Load() {
				if err := fn(c); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	measure(dial())
	stop.Store(true)
	wg.Wait()
}

// TestManyKeysAtOnce: no reader ever sees half an MSET, whatever shards its keys are in.
func TestManyKeysAtOnce(t *testing.T) {
	s := start(t)
	const keys = 10
	set := func(value string) []string {
		args := []string{"MSET"}
		for i := range keys {
			args = append(args, fmt.Sprint("k", i), value)
		}
		return args
	}
	get := []string{"MGET"}
	for i := range keys { // in another order than the writers'
		get = append(get, fmt.Sprint("k", (i*7)%keys))
	}
	must(t, s.Connect(t), rawclient.Line(set("0")), "+OK")
	var number atomic.Int64
	writer := func(c *rawclient.Client) error {
		_, err := c.Do(set(fmt.Sprint(number.Add(1)))...)
		return err
	}
	measure := func(c *rawclient.Client) {
		for range 5000 {
			v, err := c.Do(get...)
			if err != nil || len(v.Elems) != keys {
				t.Fatal(v, err)
			}
			for _, e := range v.Elems {
				if e.Str != v.Elems[0].Str {
					t.Fatalf("half an MSET: %v", v.Texts())
				}
			}
		}
	}
	together(t, func() *rawclient.Client { return s.Connect(t) }, measure, writer, writer, writer)
}

// TestRenameIsAtomic: a key that is only ever renamed to and fro is always one key.
func TestRenameIsAtomic(t *testing.T) {
	s := start(t)
	must(t, s.Connect(t), "SET a v", "+OK")
	mover := func(c *rawclient.Client) error {
		c.Queue("RENAME", "a", "b")
		c.Queue("RENAME", "b", "a")
		_, err := c.Exchange(2)
		return err
	}
	measure := func(c *rawclient.Client) {
		for range 5000 {
			if v := must(t, c, "EXISTS a b", ""); v.Int != 1 {
				t.Fatalf("%d keys", v.Int)
			}
		}
	}
	together(t, func() *rawclient.Client { return s.Connect(t) }, measure, mover)
}

// TestScanUnderChange: a key that is there all the time is returned, however the table
// grows and shrinks meanwhile.
func TestScanUnderChange(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	const stable = 5000
	for i := range stable {
		c.Queue("SET", fmt.Sprint("stable:", i), "v")
	}
	if _, err := c.Exchange(stable); err != nil {
		t.Fatal(err)
	}
	const churn = 20_000
	churner := func(c *rawclient.Client) error {
		for _, cmd := range []string{"SET", "DEL"} {
			for i := range churn {
				if cmd == "SET" {
					c.Queue(cmd, fmt.Sprint("churn:", i), "v")
				} else {
					c.Queue(cmd, fmt.Sprint("churn:", i))
				}
			}
			if _, err := c.Exchange(churn); err != nil {
				return err
			}
		}
		return nil
	}
	measure := func(c *rawclient.Client) {
		for round := range 5 {
			seen := map[string]bool{}
			for cursor := "0"; ; {
				v, err := c.Do("SCAN", cursor, "MATCH", "stable:*", "COUNT", "20")
				if err != nil || len(v.Elems) != 2 {
					t.Fatal(v, err)
				}
				for _, k := range v.Elems[1].Texts() {
					seen[k] = true
				}
				if cursor = v.Elems[0].Text(); cursor == "0" {
					break
				}
			}
			if len(seen) != stable {
				t.Fatalf("round %d: %d of %d keys", round, len(seen), stable)
			}
		}
	}
	together(t, func() *rawclient.Client { return s.Connect(t) }, measure, churner)
}

// TestRandomkey: every key comes at some time, and none that is not there.
func TestRandomkey(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	must(t, c, "RANDOMKEY", "$(nil)")
	must(t, c, "MSET a 1 b 1 c 1 d 1 e 1", "+OK")
	seen := map[string]int{}
	for range 3000 {
		seen[must(t, c, "RANDOMKEY", "").Str]++
	}
	if len(seen) != 5 {
		t.Errorf("%v", seen)
	}
	for k, n := range seen {
		if n < 100 {
			t.Errorf("%s came %d times of 3000", k, n)
		}
	}
}

// TestConcurrentCounters: nothing is lost and nothing counted twice.
func TestConcurrentCounters(t *testing.T) {
	s := start(t)
	const clients, rounds = 8, 200
	var wg sync.WaitGroup
	for range clients {
		c := s.Connect(t)
		wg.Go(func() {
			for range rounds {
				for i := range 10 {
					c.Queue("INCR", fmt.Sprint("n", i))
					c.Queue("APPEND", fmt.Sprint("s", i), "x")
					c.Queue("BITFIELD", "bits", "INCRBY", "u32", fmt.Sprint("#", i), "1")
				}
				if _, err := c.Exchange(30); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	c := s.Connect(t)
	for i := range 10 {
		must(t, c, fmt.Sprint("GET n", i), fmt.Sprintf(`$"%d"`, clients*rounds))
		must(t, c, fmt.Sprint("STRLEN s", i), fmt.Sprintf(":%d", clients*rounds))
		must(t, c, fmt.Sprint("BITFIELD bits GET u32 #", i), fmt.Sprintf("*1[:%d]", clients*rounds))
	}
}
