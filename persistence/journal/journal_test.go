package journal

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
)

// log is a subscriber that remembers.
type log struct {
	recs []Record
}

func (l *log) Record(r Record) {
	c := r
	c.Body = bytes.Clone(r.Body)
	l.recs = append(l.recs, c)
}

// TestSubscribersSeeTheSame lets subscribers come and go while many append: each has all
// records between, in one order, and positions that fit.
func TestSubscribersSeeTheSame(t *testing.T) {
	var j Journal
	first, second := &log{}, &log{}
	if j.On() {
		t.Fatal("somebody subscribes")
	}
	if end := j.Append(0, 0, []byte("nobody sees it"), false); end != 14 || j.End() != 14 {
		t.Fatal(end)
	}
	j.At(func(uint64) { j.SubscribeLocked(first) })
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 500 {
				j.Append(w, i, []byte(fmt.Sprint(w, ".", i, " ")), i%3 == 0)
			}
		}()
	}
	var came, went uint64
	j.At(func(pos uint64) {
		came = pos
		j.SubscribeLocked(second)
	})
	j.Append(9, 9, []byte("mark"), false)
	j.At(func(pos uint64) {
		went = pos
		j.UnsubscribeLocked(second)
	})
	wg.Wait()
	pos, text := uint64(14), ""
	var between []Record
	for _, r := range first.recs {
		pos += uint64(len(r.Body))
		if r.End != pos {
			t.Fatalf("position %d, want %d", r.End, pos)
		}
		text += string(r.Body)
		if r.End > came && r.End <= went {
			between = append(between, r)
		}
	}
	if pos != j.End() || len(first.recs) != 2001 {
		t.Errorf("%d records up to %d, want up to %d", len(first.recs), pos, j.End())
	}
	same := func(a, b Record) bool {
		return bytes.Equal(a.Body, b.Body) && a.First == b.First && a.Last == b.Last && a.Unit == b.Unit && a.End == b.End
	}
	if !slices.EqualFunc(between, second.recs, same) || len(between) == 0 {
		t.Errorf("the second has %d records, the first %d at the same time", len(second.recs), len(between))
	}
	for w := range 4 {
		at := -1
		for i := range 500 {
			next := strings.Index(text, fmt.Sprint(w, ".", i, " "))
			if next <= at {
				t.Fatalf("record %d of %d is out of order", i, w)
			}
			at = next
		}
	}
	j.At(func(uint64) {
		if !j.SubscribedLocked(first) || j.SubscribedLocked(second) {
			t.Error("who subscribes is wrong")
		}
		j.UnsubscribeLocked(second)
		j.UnsubscribeLocked(first)
	})
	if j.On() {
		t.Error("somebody still subscribes")
	}
}

type nothing struct{ n int }

func (s *nothing) Record(r Record) { s.n += len(r.Body) }

func TestAppendAllocatesNothing(t *testing.T) {
	var j Journal
	j.At(func(uint64) { j.SubscribeLocked(&nothing{}) })
	body := []byte("record")
	if n := testing.AllocsPerRun(100, func() { j.Append(0, 0, body, false) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
