package slotted

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/kringdb/kring/store/arena"
)

// fuzzMasks are the parts of the hash that a fuzz input may leave: all; too few bits to
// part the keys; only bits below the tags.
var fuzzMasks = []uint64{^uint64(0), ^uint64(0), 0xffff << 48, 0xff << 40, 0x3f << 58, 0xffffff, 0xf << 36}

type modelValue struct {
	val      []byte
	deadline int64
}

// fuzzer runs a byte string as operations on a table and on a Go map.
type fuzzer struct {
	*rig
	t     *testing.T
	model map[string]modelValue
	in    []byte
	most  int
	walk  uint64
	seen  map[string]bool // of the walk: emitted
	stay  map[string]bool // of the walk: in the table since its beginning
}

func (f *fuzzer) next() int {
	if len(f.in) == 0 {
		return 0
	}
	b := f.in[0]
	f.in = f.in[1:]
	return int(b)
}

// text makes a key or value of one of many lengths from a number.
func text(k, kind int) []byte {
	n := [8]int{4, 16, 3, 17, 250, 300, MaxInlineBytes, MaxInlineBytes + 700}[kind&7]
	b := bytes.Repeat([]byte{'a' + byte(kind)}, n)
	b[0], b[1], b[2] = byte(k), byte(k>>8), byte(kind)
	return b
}

func keyOf(k int) []byte { return text(k, [16]int{0, 1, 2, 3, 1, 1, 1, 4, 1, 5, 1, 6, 1, 7}[k&15]) }

func (f *fuzzer) key() int { return f.next()<<8 | f.next() }

func (f *fuzzer) put(k, kind int) {
	key := keyOf(k)
	if _, ok := f.model[string(key)]; !ok && len(f.model) >= f.most {
		return
	}
	switch f.Mode() {
	case Values:
		f.set(key, text(k, kind), int64(kind>>4&1)*int64(1000+k))
		return
	case Words:
		val := make([]byte, 8)
		val[0] = byte(kind)
		if r := f.Find(key); r != 0 {
			r.SetWord(uint64(byte(kind)))
		} else if r := f.InsertWord(f.ar, key, uint64(byte(kind))); r.Word() != uint64(byte(kind)) {
			f.t.Fatalf("word %d", r.Word())
		}
		f.model[string(key)] = modelValue{val: val}
	case Keys:
		_, had := f.model[string(key)]
		if f.Add(f.ar, key) == had {
			f.t.Fatalf("Add of %q: had %v", key, had)
		}
		f.model[string(key)] = modelValue{}
	}
}

func (f *fuzzer) set(key, val []byte, deadline int64) {
	_, had := f.model[string(key)]
	if f.Set(f.ar, key, val, deadline) == had {
		f.t.Fatalf("Set of %q: had %v", key, had)
	}
	f.model[string(key)] = modelValue{val, deadline}
}

func (f *fuzzer) delete(k int) {
	key := keyOf(k)
	_, had := f.model[string(key)]
	if f.Delete(f.ar, key) != had {
		f.t.Fatalf("Delete of %q: had %v", key, had)
	}
	delete(f.model, string(key))
	delete(f.stay, string(key))
}

// checkRef compares a record with the model.
func (f *fuzzer) checkRef(r Ref) {
	f.t.Helper()
	m, ok := f.model[string(r.Key())]
	key, val := r.KeyValue()
	if !ok || !bytes.Equal(val, m.val) || !bytes.Equal(r.Value(), m.val) || !bytes.Equal(key, r.Key()) || r.Deadline() != m.deadline {
		f.t.Fatalf("%.20q: value %.20q deadline %d, want %v %.20q %d", key, val, r.Deadline(), ok, m.val, m.deadline)
	}
}

func (f *fuzzer) verify() {
	f.check(f.t)
	if f.Len() != len(f.model) {
		f.t.Fatalf("Len %d, model %d", f.Len(), len(f.model))
	}
	for k := range f.model {
		r := f.Find([]byte(k))
		if r == 0 || string(r.Key()) != k {
			f.t.Fatalf("%.20q not found", k)
		}
		f.checkRef(r)
	}
	n := 0
	f.Each(func(r Ref) bool { f.checkRef(r); n++; return true })
	if n != len(f.model) {
		f.t.Fatalf("Each gave %d of %d", n, len(f.model))
	}
}

// walkStep goes on with a walk; at its end it has emitted all that stayed.
func (f *fuzzer) walkStep(want int) {
	if f.walk == 0 {
		f.seen, f.stay = map[string]bool{}, map[string]bool{}
		for k := range f.model {
			f.stay[k] = true
		}
	}
	next, done := f.Walk(f.walk, want, func(r Ref) {
		f.checkRef(r)
		if k := string(r.Key()); f.seen[k] && f.stay[k] {
			f.t.Fatalf("%.20q emitted twice", k)
		}
		f.seen[string(r.Key())] = true
	})
	f.walk = next
	if done {
		for k := range f.stay {
			if !f.seen[k] {
				f.t.Fatalf("%.20q not emitted", k)
			}
		}
	}
}

// clone replaces the table by a copy of itself, in another arena.
func (f *fuzzer) clone() {
	ar := arena.New()
	to := &rig{ar: ar, root: f.root}
	to.Table = At(to.root[3:])
	to.Clone(ar)
	var progress uint64
	for !f.FreeStep(f.ar, &progress, 3) {
		if f.Bytes() != f.ar.Used() {
			f.t.Fatalf("Bytes %d while freeing, the arena says %d", f.Bytes(), f.ar.Used())
		}
	}
	if f.ar.Used() != 0 {
		f.t.Fatalf("%d bytes left", f.ar.Used())
	}
	f.ar.Release()
	f.ar, f.root = ar, to.root
}

func (f *fuzzer) step() {
	switch f.next() % 10 {
	case 0:
		f.put(f.key(), f.next())
	case 1:
		f.delete(f.key())
	case 2, 3: // many neighbours, so that short inputs reach splits
		k := f.key()
		for i := range f.next() * 4 {
			f.put((k+i)&0x3fff, i)
		}
	case 4:
		k := f.key()
		for i := range f.next() * 8 {
			f.delete((k + i) & 0x3fff)
		}
	case 5:
		f.walkStep(f.next())
	case 6:
		r := f.Random(mix(uint64(f.next())))
		if (r != 0) != (len(f.model) > 0) {
			f.t.Fatalf("Random: %v of %d", r, len(f.model))
		}
		if r != 0 {
			f.checkRef(r)
		}
	case 7:
		key, deadline := keyOf(f.key()), int64(f.next()%3)
		if f.Mode() != Values {
			return
		}
		m, ok := f.model[string(key)]
		if f.SetDeadline(f.ar, key, deadline) != ok {
			f.t.Fatalf("SetDeadline of %.20q: had %v", key, ok)
		}
		if m.deadline = deadline; ok {
			f.model[string(key)] = m
		}
	case 8:
		f.clone()
	case 9:
		every, i := f.next()%4+1, 0
		f.Compact(f.ar, func(arena.Addr) bool { i++; return i%every == 0 }, 50)
	}
}

// FuzzTable compares a table with a Go map over any sequence of operations. The first
// two bytes choose mode and hash.
func FuzzTable(f *testing.F) {
	for mode := range byte(3) {
		for mask := range byte(len(fuzzMasks)) {
			f.Add([]byte{mode, mask, 2, 0, 0, 255, 5, 30, 4, 0, 0, 20, 5, 9, 3, 1, 7, 200, 5, 200, 8, 7, 0, 3, 9, 2, 4, 0, 0, 100, 5, 90, 2, 3, 3, 255, 3, 5, 5, 255, 5, 3, 4, 0, 9, 255, 5, 1})
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		fz := &fuzzer{t: t, model: map[string]modelValue{}, in: in}
		fz.rig = newRig(t, Mode(fz.next()%3))
		i := fz.next() % len(fuzzMasks)
		weaken(t, fuzzMasks[i])
		if fz.most = 3000; i > 1 {
			fz.most = 100
		}
		for steps := 0; len(fz.in) > 0 && steps < 100; steps++ {
			fz.step()
			if steps%16 == 15 {
				fz.verify()
			}
		}
		fz.verify()
		for _, k := range slices.Collect(maps.Keys(fz.model)) {
			if !fz.Delete(fz.ar, []byte(k)) {
				t.Fatalf("Delete of %.20q", k)
			}
		}
		if fz.check(t); fz.Bytes() != 0 {
			t.Fatalf("%d bytes when empty", fz.Bytes())
		}
	})
}
