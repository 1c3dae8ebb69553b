package robust

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kringdb/kring/tests/internal/harness"
)

func TestLongPipelines(t *testing.T) {
	s := start(t)
	var wg sync.WaitGroup
	for conn := range 4 {
		c := s.Connect(t)
		wg.Go(func() {
			key := fmt.Sprintf("n%d", conn)
			for i := range pipelineCommandsCount {
				if i%2 == 0 {
					c.Queue("INCR", key)
				} else {
					c.QueueInline("ECHO", key)
				}
			}
			replies, err := c.Exchange(pipelineCommandsCount)
			if err != nil {
				t.Errorf("%s: %d replies, %v", key, len(replies), err)
				return
			}
			for i, v := range replies {
				if i%2 == 0 && v.Int != int64(i/2+1) || i%2 == 1 && v.Str != key {
					t.Errorf("%s: reply %d is %s", key, i, v)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestLargeValues(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	c.Timeout = time.Minute
	pattern := "0123456789abcdefghijklmnopqrstuvwxyz-" // its length is no power of two
	value := strings.Repeat(pattern, largeValueBytes/len(pattern)+1)[:largeValueBytes]
	c.Queue("SET", "big", value)
	c.Queue("STRLEN", "big")
	c.Queue("GETRANGE", "big", "33554400", "33554450")
	c.Queue("GET", "big")
	c.Queue("APPEND", "big", value[:100])
	c.Queue("SETRANGE", "big", "50000000", "XYZ")
	c.Queue("GETRANGE", "big", "49999998", "50000004")
	c.Queue("COPY", "big", "big2")
	c.Queue("BITCOUNT", "big2")
	c.Queue("SET", "big", "small")
	c.Queue("DEL", "big2")
	got, err := c.Exchange(11)
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Str != "OK" || got[1].Int != largeValueBytes || got[2].Str != value[33554400:33554451] {
		t.Errorf("SET, STRLEN, GETRANGE: %s %s %s", got[0], got[1], got[2])
	}
	if got[3].Str != value {
		t.Errorf("GET gave %d bytes, not the value", len(got[3].Str))
	}
	if got[4].Int != largeValueBytes+100 || got[5].Int != largeValueBytes+100 ||
		got[6].Str != value[49999998:50000000]+"XYZ"+value[50000003:50000005] {
		t.Errorf("APPEND, SETRANGE, GETRANGE: %s %s %s", got[4], got[5], got[6])
	}
	if got[7].Int != 1 || got[8].Int == 0 || got[9].Str != "OK" || got[10].Int != 1 {
		t.Errorf("COPY, BITCOUNT, SET, DEL: %v", got[7:])
	}
}

// others measures the slowest GET of several further connections while fn runs, without what this process itself did not get to run, as
// nobody does while a machine stands still.
func others(t *testing.T, s *harness.Server, fn func()) time.Duration {
	t.Helper()
	stop := make(chan struct{})
	slowest := make([]time.Duration, 8)
	var wg sync.WaitGroup
	for i := range slowest {
		c := s.Connect(t)
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				begin := time.Now()
				if v, err := c.Do("GET", "k"); err != nil || v.IsError() {
					t.Errorf("GET: %s, %v", v, err)
					return
				}
				slowest[i] = max(slowest[i], time.Since(begin))
				time.Sleep(time.Millisecond) // leaves the processors to the server
			}
		})
	}
	pause := time.Duration(0)
	wg.Go(func() {
		const nap = time.Millisecond
		for {
			select {
			case <-stop:
				return
			default:
			}
			begin := time.Now()
			time.Sleep(nap)
			pause = max(pause, time.Since(begin)-nap)
		}
	})
	fn()
	close(stop)
	wg.Wait()
	worst := time.Duration(0)
	for _, d := range slowest {
		worst = max(worst, d)
	}
	return worst - pause
}

func TestSleepDoesNotStopOthers(t *testing.T) {
	s := start(t, "--enable-debug-command", "yes")
	onlyKring(t, s)
	c := s.Connect(t)
	worst := others(t, s, func() { must(t, c, "DEBUG SLEEP 1", "+OK") })
	if worst > besideMillisMax*time.Millisecond {
		t.Errorf("a GET took %v beside DEBUG SLEEP", worst)
	}
}

func TestKeysDoesNotStopOthers(t *testing.T) {
	s := start(t)
	onlyKring(t, s)
	c := s.Connect(t)
	const keys = 300_000
	for i := range keys {
		c.Queue("SET", fmt.Sprintf("key:%07d", i), "v")
	}
	if _, err := c.Exchange(keys); err != nil {
		t.Fatal(err)
	}
	worst := others(t, s, func() {
		for range 5 {
			if v := must(t, c, "KEYS key:*", ""); len(v.Elems) != keys {
				t.Errorf("KEYS gave %d keys", len(v.Elems))
			}
		}
	})
	if worst > besideMillisMax*time.Millisecond {
		t.Errorf("a GET took %v beside KEYS", worst)
	}
}

// TestPipelineBehindSlowCommand: replies keep their order when a command of a pipeline
// runs beside the reactor.
func TestPipelineBehindSlowCommand(t *testing.T) {
	s := start(t)
	c := s.Connect(t)
	for i := range 2000 {
		c.Queue("SET", fmt.Sprint("k", i), "v")
	}
	if _, err := c.Exchange(2000); err != nil {
		t.Fatal(err)
	}
	const rounds = 50
	for i := range rounds {
		c.Queue("SET", "n", fmt.Sprint(i))
		c.Queue("KEYS", "*")
		c.Queue("GET", "n")
	}
	got, err := c.Exchange(3 * rounds)
	if err != nil {
		t.Fatal(err)
	}
	for i := range rounds {
		if got[3*i].Str != "OK" || len(got[3*i+1].Elems) != 2001 || got[3*i+2].Str != fmt.Sprint(i) {
			t.Fatalf("round %d: %s, %d keys, %s", i, got[3*i], len(got[3*i+1].Elems), got[3*i+2])
		}
	}
}
