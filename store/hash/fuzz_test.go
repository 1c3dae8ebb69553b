package hash

import (
	"fmt"
	"testing"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/value"
)

// modelField is what the model keeps of one field.
type modelField struct {
	val      string
	deadline int64
}

// subject is a hash beside its model. The clock is now.
type subject struct {
	t     *testing.T
	ar    *arena.Arena
	e     entry.Entry // the zero Entry: no such key
	lim   Limits
	model map[string]modelField
	now   int64
}

func (s *subject) make() {
	if s.e.IsNone() {
		s.e = entry.New(s.ar, []byte("key"), &entry.Spec{Type: entry.Hash, Encoding: entry.Listpack, PayloadLen: EmptyBytes})
		Init(s.e)
	}
}

// drop frees the hash as the keyspace does, in steps.
func (s *subject) drop() {
	if s.e.IsNone() {
		return
	}
	if s.e.Encoding() == entry.Hashtable {
		g := value.Garbage{Kind: s.e.Kind()}
		want := outside(s.e)
		detach(s.e, &g)
		if garbageBytes(&g) != want {
			s.t.Fatalf("garbage of %d bytes, was %d", garbageBytes(&g), want)
		}
		for !freeStep(s.ar, &g, 2) {
		}
	}
	s.e.Free(s.ar)
	s.e = entry.Entry{}
}

func (s *subject) set(field, val string, deadline int64) {
	s.make()
	old, had := s.model[field]
	var created bool
	if deadline == 0 && Overwrite(s.e, &s.lim, [][]byte{[]byte(field), []byte(val)}) == 2 {
		if !had || len(old.val) != len(val) || old.deadline != 0 {
			s.t.Fatalf("overwrote %q: was there %v, %q, with deadline %d", field, had, old.val, old.deadline)
		}
		s.model[field] = modelField{val, 0}
		return
	}
	s.e, created = Set(s.ar, s.e, &s.lim, []byte(field), []byte(val), deadline)
	if created == had {
		s.t.Fatalf("set %q: created %v", field, created)
	}
	if deadline == KeepTTL {
		deadline = old.deadline
	}
	s.model[field] = modelField{val, deadline}
}

func (s *subject) setDeadline(field string, deadline int64) {
	if f, ok := s.model[field]; ok {
		s.e = SetDeadline(s.ar, s.e, []byte(field), deadline)
		s.model[field] = modelField{f.val, deadline}
	}
}

func (s *subject) delete(field string) {
	if s.e.IsNone() {
		return
	}
	_, had := s.model[field]
	var ok bool
	if s.e, ok = Delete(s.ar, s.e, []byte(field)); ok != had {
		s.t.Fatalf("delete %q: %v", field, ok)
	}
	delete(s.model, field)
	s.dropIfEmpty()
}

func (s *subject) dropIfEmpty() {
	if Len(s.e) == 0 {
		s.drop()
	}
}

// expire moves the clock and removes what has expired, max at a time.
func (s *subject) expire(by int64, max int) {
	s.now += by
	for more := true; more && !s.e.IsNone(); {
		var n int
		seen := map[string]bool{}
		s.e, n, more = ExpireFields(s.ar, s.e, s.now, max, func(field []byte) {
			f, ok := s.model[string(field)]
			if !ok || !gone(f.deadline, s.now) || seen[string(field)] {
				s.t.Fatalf("expired %q with deadline %d at %d", field, f.deadline, s.now)
			}
			seen[string(field)] = true
		})
		for f := range seen {
			delete(s.model, f)
		}
		if n != len(seen) || more && n == 0 {
			s.t.Fatalf("%d expired, told of %d, more %v", n, len(seen), more)
		}
		s.dropIfEmpty()
	}
	nearest := int64(0)
	for name, f := range s.model {
		if gone(f.deadline, s.now) {
			s.t.Fatalf("%q with deadline %d is there at %d", name, f.deadline, s.now)
		}
		if f.deadline != 0 && (nearest == 0 || f.deadline < nearest) {
			nearest = f.deadline
		}
	}
	if !s.e.IsNone() {
		if d := NextDeadline(s.e); d > nearest && nearest != 0 || d != 0 && d <= s.now {
			s.t.Fatalf("nearest is %d, want %d", d, nearest)
		}
	}
}

// verify compares everything at a time that may lie ahead of the clock.
func (s *subject) verify(ahead int64) {
	at := s.now + ahead
	if s.e.IsNone() {
		if len(s.model) > 0 {
			s.t.Fatalf("no hash, %d fields in the model", len(s.model))
		}
		return
	}
	if err := Check(s.e); err != nil {
		s.t.Fatal(err)
	}
	if Len(s.e) != len(s.model) {
		s.t.Fatalf("%d fields, want %d", Len(s.e), len(s.model))
	}
	want := map[string]modelField{}
	for name, f := range s.model {
		val, d, ok := Lookup(s.e, []byte(name), at)
		if ok == gone(f.deadline, at) || ok && (string(val) != f.val || d != f.deadline) {
			s.t.Fatalf("%q is %.20q, %d, %v; want %.20q, %d", name, val, d, ok, f.val, f.deadline)
		}
		if ok {
			want[name] = f
		}
	}
	if n := Visible(s.e, at); n != len(want) {
		s.t.Fatalf("%d visible, want %d", n, len(want))
	}
	s.verifyWalks(at, want)
	if used := int64(arena.SizeOf(s.e.Size())) + outsideOf(s.e); used != s.ar.Used() {
		s.t.Fatalf("the hash has %d bytes, the arena %d", used, s.ar.Used())
	}
}

func outsideOf(e entry.Entry) int64 {
	if e.Encoding() == entry.Hashtable {
		return outside(e)
	}
	return 0
}

func (s *subject) verifyWalks(at int64, want map[string]modelField) {
	met := map[string]int{}
	Each(s.e, at, func(f, v []byte, d int64) bool {
		if want[string(f)] != (modelField{string(v), d}) {
			s.t.Fatalf("walked over %q", f)
		}
		met[string(f)]++
		return true
	})
	for cursor, first := uint64(0), true; first || cursor != 0; first = false {
		cursor = Scan(s.e, cursor, 3, at, func(f, v []byte) {
			if want[string(f)].val != string(v) {
				s.t.Fatalf("scanned %q", f)
			}
			met[string(f)]++
		})
	}
	for name := range want {
		if met[name] != 2 {
			s.t.Fatalf("met %q %d times", name, met[name])
		}
	}
	if len(met) != len(want) {
		s.t.Fatalf("met %d fields, want %d", len(met), len(want))
	}
	f, v, ok := Random(s.e, uint64(at)*7, at)
	if ok != (len(want) > 0) || ok && want[string(f)].val != string(v) {
		s.t.Fatalf("random is %q, %v", f, ok)
	}
}

// move makes the hash a deep copy of itself in a fresh arena, or compacts it.
func (s *subject) move(copied bool) {
	if s.e.IsNone() {
		return
	}
	if !copied {
		if s.e.Encoding() == entry.Hashtable {
			compact(s.ar, s.e, func(a arena.Addr) bool { return a>>6&1 == 0 }, 1<<20)
		}
		return
	}
	ar := arena.New()
	to := s.e.Clone(ar, []byte("other"), 0)
	if to.Encoding() == entry.Hashtable {
		copyValue(ar, to, s.e)
	}
	s.drop()
	if s.ar.Used() != 0 {
		s.t.Fatalf("%d bytes left", s.ar.Used())
	}
	s.ar.Release()
	s.ar, s.e = ar, to
}

// run carries out the operations that data encodes, two bytes each.
func run(t *testing.T, data []byte) {
	s := &subject{t: t, ar: arena.New(), lim: Limits{20, 30}, model: map[string]modelField{}, now: 1000}
	for i := 0; i+1 < len(data); i += 2 {
		op, arg := data[i], int(data[i+1])
		field := fmt.Sprint("f", arg&63)
		val := fmt.Sprintf("%0*d", arg>>5&7, arg)
		switch op % 16 {
		case 0, 1, 2:
			s.set(field, val, 0)
		case 3:
			s.set(field, val, s.now+1+int64(arg))
		case 4:
			s.set(field, val, KeepTTL)
		case 5:
			s.set(field, fmt.Sprintf("%0*d", arg*4, arg), int64(arg&1)*(s.now+5))
		case 6, 7:
			s.setDeadline(field, s.now+1+int64(arg))
		case 8:
			s.setDeadline(field, 0)
		case 9, 10:
			s.delete(field)
		case 11:
			s.expire(int64(arg), 1+arg&7)
		case 12:
			for k := range arg {
				s.set(fmt.Sprint("many", k), val, int64(k&1)*(s.now+int64(k)))
			}
		case 13:
			s.move(arg&1 == 0)
		case 14:
			if arg == 0 {
				s.drop()
				clear(s.model)
			}
		case 15:
			s.verify(int64(arg))
		}
		if !s.e.IsNone() {
			if err := Check(s.e); err != nil {
				t.Fatalf("operation %d, %d: %v", op%16, arg, err)
			}
		}
	}
	s.verify(0)
	s.drop()
	if s.ar.Used() != 0 {
		t.Fatalf("%d bytes left", s.ar.Used())
	}
	s.ar.Release()
}

func FuzzHash(f *testing.F) {
	f.Add([]byte{0, 1, 3, 2, 5, 200, 15, 9, 11, 30})
	f.Add([]byte{12, 255, 11, 7, 15, 100, 13, 0, 13, 1, 11, 100, 11, 200, 15, 0})
	f.Fuzz(run)
}
