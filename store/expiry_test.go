package store

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestExpiryIsExact gives keys random deadlines and lets a fake clock jump from one due
// moment to the next: every key goes at its deadline, none earlier, none later.
func TestExpiryIsExact(t *testing.T) {
	now := int64(1_000_000)
	deadlines := map[string]int64{}
	s := open(t, Options{Shards: 4, Databases: 2, Hooks: Hooks{Expired: func(_, _ int, key []byte) {
		if deadlines[string(key)] != now {
			t.Fatalf("%s went at %d, its deadline is %d", key, now, deadlines[string(key)])
		}
		delete(deadlines, string(key))
	}}})
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 20_000 {
		name := strconv.Itoa(i)
		deadlines[name] = now + 1 + rng.Int64N(60_000)
		s.SetString(i&1, s.MakeKey([]byte(name)), []byte("v"), deadlines[name])
	}
	for next := s.SetAlarm(0); next != Never; next = s.SetAlarm(0) {
		if next <= now {
			t.Fatalf("still due at %d, it is %d", next, now)
		}
		now = next
		expireDue(s, now)
	}
	if len(deadlines) > 0 || s.Stats().Keys != 0 {
		t.Fatalf("%d keys left", len(deadlines))
	}
}

// TestDeadlineChurn extends, shortens, removes and overwrites deadlines very many times:
// memory stays what it was, and so does the work of finding what is due.
func TestDeadlineChurn(t *testing.T) {
	const keys = 2000
	changes := 1_000_000
	if testing.Short() {
		changes = 250_000
	}
	s := open(t, Options{Shards: 2})
	rng := rand.New(rand.NewPCG(3, 4))
	all := make([]Key, keys)
	now := int64(1_000_000)
	for i := range all {
		all[i] = s.MakeKey([]byte("key:" + strconv.Itoa(i)))
		s.SetString(0, all[i], []byte("value"), now+60_000)
	}
	before := s.Used()
	work, steps := 0, 0
	for i := range changes {
		k := all[rng.IntN(keys)]
		e := s.FindRaw(0, k)
		switch rng.IntN(8) {
		case 0:
			e = s.SetDeadline(0, k, e, 0)
			s.SetDeadline(0, k, e, now+60_000)
		case 1:
			s.SetString(0, k, []byte("value"), 0)
			s.SetString(0, k, []byte("value"), now+60_000)
		case 2:
			s.SetDeadline(0, k, e, now+30_000+rng.Int64N(1000))
		default:
			s.SetDeadline(0, k, e, now+60_000+rng.Int64N(1000))
		}
		if i%20 == 0 {
			now++
			for shard := range uint32(2) {
				if s.Due(shard) <= now {
					work += s.ExpireStep(shard, now, nil).Work
					steps++
				}
			}
		}
	}
	check(t, s)
	if st := s.Stats(); st.Keys != keys || st.Expires != keys {
		t.Fatalf("%d keys, %d with a deadline; want %d", st.Keys, st.Expires, keys)
	}
	if used := s.Used(); used != before {
		t.Fatalf("%d bytes used, %d before", used, before)
	}
	if work > changes/2 {
		t.Fatalf("%d lines looked at in %d steps for %d changes", work, steps, changes)
	}
	t.Logf("%d lines looked at in %d steps", work, steps)
}

// TestBurstIsBounded lets very many keys fall due at one moment: no step does more than
// a bounded part.
func TestBurstIsBounded(t *testing.T) {
	const keys = 50_000
	s := open(t, Options{Shards: 1})
	for i := range keys {
		s.SetString(0, s.MakeKey(strconv.AppendInt(nil, int64(i), 10)), []byte("v"), 1000)
	}
	if x := s.ExpireStep(0, 999, nil); x.Keys != 0 {
		t.Fatal("something went too early")
	}
	gone := 0
	for s.Due(0) <= 1000 {
		x := s.ExpireStep(0, 1000, nil)
		if x.Keys > 200 || x.Work > 2*expireWorkPerStep {
			t.Fatalf("one step deleted %d keys and looked at %d lines", x.Keys, x.Work)
		}
		gone += x.Keys
	}
	if gone != keys {
		t.Fatalf("%d went, of %d", gone, keys)
	}
	check(t, s)
}

// TestAlarm expects a call exactly for what is due before the moment that was asked for.
func TestAlarm(t *testing.T) {
	rang := 0
	s := open(t, Options{Shards: 2, Hooks: Hooks{Alarm: func() { rang++ }}})
	set := func(name string, deadline int64) { s.SetString(0, s.MakeKey([]byte(name)), []byte("v"), deadline) }
	set("a", 100)
	if next := s.SetAlarm(100); rang != 0 || next != 100 {
		t.Fatalf("rang %d times, next is %d", rang, next)
	}
	set("b", 100)
	set("c", 0)
	if rang != 0 {
		t.Fatal("rang for nothing new")
	}
	for i := range 20 { // in both shards
		set("d"+strconv.Itoa(i), 50)
	}
	if rang == 0 || rang > 2 {
		t.Fatalf("rang %d times; want once or twice", rang)
	}
	if next := s.SetAlarm(50); next != 50 {
		t.Fatalf("next is %d", next)
	}
}

// TestMeanTTL samples the few keys that have a deadline.
func TestMeanTTL(t *testing.T) {
	s := open(t, Options{Shards: 2})
	for i := range 5000 {
		deadline := int64(0)
		if i%500 == 3 {
			deadline = int64(10_000 + i)
		}
		s.SetString(0, s.MakeKey([]byte("key:"+strconv.Itoa(i))), []byte("v"), deadline)
	}
	if ttl := s.MeanTTL(0, 0); ttl < 10_000 || ttl > 15_000 {
		t.Fatalf("mean time to live is %d", ttl)
	}
}
