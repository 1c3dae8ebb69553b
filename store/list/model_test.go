package list

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/kringdb/kring/store/arena"
	"github.com/kringdb/kring/store/entry"
	"github.com/kringdb/kring/store/value"
)

var testKey = []byte("a list")

// model runs a byte string as operations on a list and on a slice.
type model struct {
	t     testing.TB
	ar    *arena.Arena
	e     entry.Entry
	want  [][]byte
	in    []byte
	size  int // list-max-listpack-size
	bytes int // pushed so far: bounds the work of one input
	full  int // how often the list was seen full
	turns int // conversions
	buf   []byte
}

// modelBytes bounds the large elements of one input.
const modelBytes = 300 << 10

var modelSizes = []int{-1, -2, -5, 1, 2, 7, 128, 0}

func newModel(t testing.TB, in []byte) *model {
	m := &model{t: t, ar: arena.New(), in: in}
	m.size = modelSizes[m.byte()%len(modelSizes)]
	m.start(Tail, nil)
	return m
}

func (m *model) byte() int {
	if len(m.in) == 0 {
		return 0
	}
	b := m.in[0]
	m.in = m.in[1:]
	return int(b)
}

func (m *model) start(s Side, elems [][]byte) {
	enc, n := Plan(elems, m.size)
	m.e = entry.New(m.ar, testKey, &entry.Spec{Type: entry.List, Encoding: enc, PayloadLen: n, Deadline: 77})
	Fill(m.ar, m.e, s, elems, m.size)
}

// elem makes an element: a number, or text of a length around the borders.
func (m *model) elem() []byte {
	b := m.byte()
	switch {
	case b < 90:
		edges := []int64{0, 127, 128, 4095, 4096, 32767, 32768, 1<<23 - 1, 1 << 23, 1<<31 - 1, 1 << 31, 1<<63 - 1}
		n := edges[b%len(edges)]
		if b&1 != 0 {
			n = -n - 1
		}
		return strconv.AppendInt(nil, n, 10)
	case b < 110:
		return []byte([]string{"", "-", "00", "-0", "+1", "1 ", "9223372036854775808"}[b%7])
	}
	n := b % 40
	if b > 240 && m.bytes < modelBytes {
		n = []int{63, 64, 125, 126, 4093, 4095, 4096, 8190, 16380, 20000, 70000}[b%11]
	}
	m.bytes += n
	return bytes.Repeat([]byte{byte(b)}, n)
}

func (m *model) elems() [][]byte {
	n := 1
	if b := m.byte(); b > 200 && m.bytes < modelBytes {
		n = b - 190
	}
	out := make([][]byte, n)
	for i := range out {
		out[i] = m.elem()
		if i > 8 { // a long push of few bytes of input
			out[i] = out[i-8]
		}
	}
	return out
}

// index returns an index up to the length.
func (m *model) index() int64 {
	b := m.byte()
	switch {
	case b < 20:
		return int64(b) % int64(len(m.want)+1)
	case b < 40:
		return max(0, int64(len(m.want)-b+20))
	}
	return int64((b<<8 | m.byte()) % (len(m.want) + 1))
}

func (m *model) push(s Side) {
	elems := m.elems()
	if len(m.want) == 0 {
		m.free()
		m.start(s, elems)
	} else if n, ok := m.pushEnd(s, elems); !ok {
		m.e = Push(m.ar, m.e, s, elems, m.size)
	} else if n != int64(len(m.want)+1) {
		m.t.Fatalf("PushEnd: %d elements, want %d", n, len(m.want)+1)
	}
	for _, v := range elems {
		if s == Tail {
			m.want = append(m.want, v)
		} else {
			m.want = append([][]byte{v}, m.want...)
		}
	}
}

// pushEnd tries the quick way.
func (m *model) pushEnd(s Side, elems [][]byte) (n int64, ok bool) {
	if len(elems) != 1 {
		return 0, false
	}
	return PushEnd(m.e, s, elems[0], m.size)
}

func (m *model) pop(s Side) {
	for n := 1 + m.byte()%8; n > 0 && len(m.want) > 0; n-- {
		want := m.want[0]
		if s == Tail {
			want = m.want[len(m.want)-1]
		}
		if v, ok := PopEnd(m.e, s); !ok {
			m.e = Pop(m.ar, m.e, s, m.size)
		} else if got := v.Append(nil); !bytes.Equal(got, want) {
			m.t.Fatalf("PopEnd: %q, want %q", got, want)
		}
		if s == Head {
			m.want = m.want[1:]
		} else {
			m.want = m.want[:len(m.want)-1]
		}
	}
}

func (m *model) remove() {
	val, most, back := m.elem(), int64(m.byte()%20), m.byte()&1 != 0
	if len(m.want) > 0 && m.byte()&3 != 0 {
		val = m.want[m.index()%int64(len(m.want))]
	}
	if most == 0 {
		most = 1 << 40
	}
	var gone int64
	m.e, gone = Remove(m.ar, m.e, val, most, back, m.size)
	var n int64
	keep := make([][]byte, 0, len(m.want))
	for i := range m.want {
		v := m.want[i]
		if back {
			v = m.want[len(m.want)-1-i]
		}
		if n < most && bytes.Equal(v, val) {
			n++
		} else {
			keep = append(keep, v)
		}
	}
	if back {
		for i, j := 0, len(keep)-1; i < j; i, j = i+1, j-1 {
			keep[i], keep[j] = keep[j], keep[i]
		}
	}
	if m.want = keep; n != gone {
		m.t.Fatalf("Remove(%.20q, %d, %t) = %d; want %d", val, most, back, gone, n)
	}
}

func (m *model) step() {
	was := m.e.Encoding()
	switch op := m.byte() % 16; op {
	case 0, 1, 2:
		m.push(Head)
	case 3, 4, 5:
		m.push(Tail)
	case 6:
		m.pop(Head)
	case 7:
		m.pop(Tail)
	case 8, 9:
		if n := int64(len(m.want)); n > 0 {
			i, v := m.index()%n, m.elem()
			m.e = Set(m.ar, m.e, i, v, m.size)
			m.want[i] = v
		}
	case 10, 11, 12:
		if len(m.want) > 0 {
			i, v := m.index(), m.elem()
			m.e = Insert(m.ar, m.e, i, v, m.size)
			m.want = append(m.want[:i], append([][]byte{v}, m.want[i:]...)...)
		}
	case 13:
		m.remove()
	case 14:
		i := m.index()
		n := min(m.index()/2, int64(len(m.want))-i)
		m.e = Delete(m.ar, m.e, i, n, m.size)
		m.want = append(m.want[:i:i], m.want[i+n:]...)
	case 15:
		if m.byte()&7 == 0 {
			m.size = modelSizes[m.byte()%len(modelSizes)]
		}
		if m.e.Encoding() == entry.Quicklist {
			QuicklistOps.Compact(m.ar, m.e, func(a arena.Addr) bool { return a&64 != 0 }, m.byte())
		}
	}
	if was != m.e.Encoding() {
		m.turns++
	}
}

func (m *model) verify() {
	m.t.Helper()
	if err := Check(m.e); err != nil {
		m.t.Fatal(err)
	}
	if string(m.e.Key()) != string(testKey) || m.e.Deadline() != 77 {
		m.t.Fatal("key or deadline was lost")
	}
	if Len(m.e) != int64(len(m.want)) {
		m.t.Fatalf("Len %d; want %d", Len(m.e), len(m.want))
	}
	used := int64(arena.SizeOf(m.e.Size()))
	if m.e.Encoding() == entry.Quicklist {
		m.full++
		used += QuicklistOps.Outside(m.e)
	}
	if m.ar.Used() != used {
		m.t.Fatalf("accounts: %d; the arena holds %d", used, m.ar.Used())
	}
	n := int64(len(m.want))
	m.walk(Forward(m.e, 0, n), 0, 1, n)
	if n == 0 {
		return
	}
	m.walk(Backward(m.e, n-1, n), n-1, -1, n)
	i := m.index() % n
	m.walk(Forward(m.e, i, 5), i, 1, min(5, n-i))
	m.walk(Backward(m.e, i, i/2), i, -1, i/2)
	m.runs(i, min(n-i, int64(1+m.byte())))
	if v := At(m.e, i); !bytes.Equal(v.Append(nil), m.want[i]) || v.Len() != len(m.want[i]) {
		m.t.Fatalf("At(%d) = %.20q; want %.20q", i, v.Append(nil), m.want[i])
	}
	d := NeedleOf(m.want[i])
	first := int64(0)
	for !bytes.Equal(m.want[first], m.want[i]) {
		first++
	}
	if got := Find(m.e, &d); got != first {
		m.t.Fatalf("Find(%.20q) = %d; want %d", m.want[i], got, first)
	}
}

func (m *model) walk(it Iter, i, step, n int64) {
	m.t.Helper()
	if i >= int64(len(m.want)) {
		n = 0
	}
	for ; n > 0; n, i = n-1, i+step {
		if !it.Next() {
			m.t.Fatalf("the walk ended before %d", i)
		}
		v := it.Elem()
		if m.buf = v.Append(m.buf[:0]); !bytes.Equal(m.buf, m.want[i]) {
			m.t.Fatalf("element %d is %.20q; want %.20q", i, m.buf, m.want[i])
		}
	}
}

// runs reads n elements from i on by runs.
func (m *model) runs(i, n int64) {
	m.t.Helper()
	it := Forward(m.e, i, n)
	got := int64(0)
	for r, ok := it.NextRun(); ok; r, ok = it.NextRun() {
		for ; !r.Empty(); got++ {
			b := r.Short()
			if b == nil {
				v := r.Take()
				b = v.Append(nil)
			}
			if got >= n || !bytes.Equal(b, m.want[i+got]) {
				m.t.Fatalf("element %d of %d from %d is %.20q", got, n, i, b)
			}
		}
	}
	if got != n {
		m.t.Fatalf("%d elements came in runs; want %d", got, n)
	}
}

// free frees the value, and the copies that it makes first, step by step.
func (m *model) free() {
	if m.e.Encoding() == entry.Quicklist {
		other := arena.New()
		to := m.e.Clone(other, testKey, 77)
		QuicklistOps.Copy(other, to, m.e)
		kept, ar := m.e, m.ar
		m.e, m.ar = to, other
		m.verify()
		m.release()
		m.e, m.ar = kept, ar
	}
	m.release()
	if m.ar.Used() != 0 {
		m.t.Fatalf("%d bytes left", m.ar.Used())
	}
}

func (m *model) release() {
	var g value.Garbage
	if m.e.Encoding() == entry.Quicklist {
		QuicklistOps.Detach(m.e, &g)
	}
	m.e.Free(m.ar)
	for {
		if left := QuicklistOps.Bytes(&g); left != m.ar.Used() {
			m.t.Fatalf("garbage is %d bytes, the arena holds %d", left, m.ar.Used())
		}
		if QuicklistOps.FreeStep(m.ar, &g, 3) {
			break
		}
	}
	if m.ar.Used() != 0 {
		m.t.Fatalf("%d bytes left", m.ar.Used())
	}
}

func (m *model) run(every int) {
	for i := 0; len(m.in) > 0; i++ {
		m.step()
		if i%every == 0 {
			m.verify()
		}
	}
	m.verify()
	m.free()
	m.ar.Release()
}

func FuzzList(f *testing.F) {
	f.Add([]byte("\x00\x03some list\x00\x01\x02"))
	rng := rand.New(rand.NewPCG(1, 1))
	for range 3 {
		f.Add(randomBytes(rng, 300))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		newModel(t, in[:min(len(in), 1500)]).run(16)
	})
}

func randomBytes(rng *rand.Rand, n int) []byte {
	in := make([]byte, n)
	for i := range in {
		in[i] = byte(rng.Uint32())
	}
	return in
}

func TestModel(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	full, turns, rounds := 0, 0, 30
	if testing.Short() {
		rounds = 6
	}
	for i := range rounds {
		in := randomBytes(rng, 2500)
		in[0] = byte(i)
		m := newModel(t, in)
		m.run(4)
		full, turns = full+m.full, turns+m.turns
	}
	if full < 500*rounds/30 || turns < 25*rounds/30 {
		t.Fatalf("full lists seen %d times, %d conversions: the test lost its aim", full, turns)
	}
}

func ExampleElemOf() {
	for _, s := range []string{"17", "017", "abc"} {
		fmt.Println(ElemOf([]byte(s)).Int)
	}
	// Output:
	// true
	// false
	// false
}
